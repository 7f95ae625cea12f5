"""`python -m benchmarks [NAME…]`: measure and print the figures."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    *("startup", "sts", "beside_moto", "policies", "doctor", "kubernetes", "labs"),
    *("watching", "soak", "growth", "history", "views"),
)
ALONE = ("fuzz", "mutation")  # each takes options of its own, and minutes


def main() -> None:
    """Print the rows of each benchmark named on the command line, or of all in NAMES.

    All together take most of an hour: `history` makes 100,000 writes and 4,000 Pods.
    """
    names = sys.argv[1:2] if sys.argv[1:2] and sys.argv[1] in ALONE else sys.argv[1:] or NAMES
    for name in names:
        print(f"{name}", flush=True)
        for what, figure in importlib.import_module(f"benchmarks.{name}").report():
            print(f"  {what:<58} {figure}", flush=True)


if __name__ == "__main__":
    main()
