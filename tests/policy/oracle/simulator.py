"""Ask the independent simulator; see driver.mjs. `npm install` in this folder brings it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("IRSA_LAB_ORACLE", Path(__file__).parent))


def is_there() -> bool:
    """Whether Node and the simulator's package are installed."""
    return bool(shutil.which("node")) and (FOLDER / "node_modules" / "@cloud-copilot").is_dir()


def verdicts(cases: list[dict[str, Any]]) -> list[str]:
    """The simulator's verdict on each case: an effect, or `error: …` where it refuses the case."""
    driver = Path(__file__).with_name("driver.mjs")
    answer = subprocess.run(
        ["node", str(driver)],
        cwd=FOLDER,
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(answer.stdout)
    return found
