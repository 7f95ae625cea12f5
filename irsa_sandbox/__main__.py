"""`python -m irsa_sandbox HOME`: serve the sandbox of that folder, in the foreground."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import sys
from pathlib import Path

from irsa_helpers.ground.state import ALREADY_RUNNING, NO_SPACE, SEED_VARIABLE
from irsa_sandbox import disk
from irsa_sandbox.chance import CHANCE
from irsa_sandbox.process import opening


def main() -> int:
    """Serve until told to stop; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # else each `kubectl exec` whole
    # What a Pod's volumes and files open to others, they do whoever starts this: home is closed.
    os.umask(0o022)
    CHANCE.begin(os.environ.get(SEED_VARIABLE))
    try:
        with opening.opened(Path(sys.argv[1]).resolve()) as (frame, servers):
            # Loaded now: it takes three times as long as all that is loaded before.
            from irsa_sandbox.process.server import run

            asyncio.run(run(frame, servers))
    except opening.AlreadyRunningError as error:
        logging.getLogger("irsa-lab").info("another sandbox already serves %s", error)
        return ALREADY_RUNNING
    except (OSError, sqlite3.Error) as error:
        if not disk.is_full(error):
            raise
        logging.getLogger("irsa-lab").exception("the disk is full")
        return NO_SPACE
    return 0


if __name__ == "__main__":
    sys.exit(main())
