"""`python -m irsa_helpers.sandbox HOME`: serve the sandbox of that folder, in the foreground."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from irsa_helpers.sandbox.server import AlreadyRunningError, run
from irsa_helpers.state import ALREADY_RUNNING


def main() -> int:
    """Serve until told to stop; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # else each `kubectl exec` whole
    try:
        asyncio.run(run(Path(sys.argv[1]).resolve()))
    except AlreadyRunningError as error:
        logging.getLogger("irsa-lab").info("another sandbox already serves %s", error)
        return ALREADY_RUNNING
    return 0


if __name__ == "__main__":
    sys.exit(main())
