"""`python -m irsa_helpers.sandbox.kubelet.reap FOLDER`: end what a killed sandbox left running."""

from __future__ import annotations

import sys
from pathlib import Path

from irsa_helpers.sandbox.kubelet.processes import reap

if __name__ == "__main__":
    reap(Path(sys.argv[1]))
