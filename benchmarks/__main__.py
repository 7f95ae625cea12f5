"""`python -m benchmarks [NAME…]`: measure and print the figures."""

from __future__ import annotations

import importlib
import sys

NAMES = ("startup", "sts", "kubernetes", "labs", "soak")


def main() -> None:
    """Print the rows of each benchmark named on the command line, or of all."""
    for name in sys.argv[1:] or NAMES:
        print(f"{name}")
        for what, figure in importlib.import_module(f"benchmarks.{name}").report():
            print(f"  {what:<50} {figure}")


if __name__ == "__main__":
    main()
