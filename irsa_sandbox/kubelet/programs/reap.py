"""`python -m irsa_sandbox.kubelet.programs.reap FOLDER`: end what a killed sandbox left running.

With `--older`, only what is older than this process: a new sandbox may be starting meanwhile.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psutil

from irsa_sandbox.kubelet.programs.reaping import reap

if __name__ == "__main__":
    older = "--older" in sys.argv[2:]
    reap(Path(sys.argv[1]), psutil.Process().create_time() if older else None)
