"""A command in a container that is Python, as a fork of a Python that has the AWS SDK loaded.

Half a second of a processor goes into starting `aws`, of which its work takes a tenth. In a room
one such Python is kept ready for all seats (`irsa_helpers.worlds.forks`); elsewhere every command
starts as it is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from irsa_helpers.ground.state import FORKS_VARIABLE
from irsa_sandbox.kubelet.programs.namespaces import ENTER
from irsa_sandbox.kubelet.programs.runtimes import PROGRAMS

KIND = "pod"
AS_FORK = Path(__file__).with_name("as_fork.py")


def joining(
    view: Mapping[str, object],
    words: Sequence[str],
    environment: Mapping[str, str],
    plain: Sequence[str],
) -> list[str]:
    """The command that has a fork join the view and run the words; `plain` where that cannot be.

    A variable such as PYTHONPATH counts only where a Python starts, and root's powers go only where
    a program does (`enter.py`), so `plain` starts one.
    """
    run, ready = _python(words), Path(os.environ.get(FORKS_VARIABLE, "")) / f"{KIND}.sock"
    anew = view.get("as_a_user") or any(name.startswith("PYTHON") for name in environment)
    if run is None or anew or not ready.is_socket():
        return list(plain)
    script, packages = run
    arguments = json.dumps([json.dumps({**view, "here": True, **packages}), *script])
    return [sys.executable, "-I", "-S", str(AS_FORK), str(ready), str(ENTER), arguments, *plain]


def _python(words: Sequence[str]) -> tuple[list[str], dict[str, list[str]]] | None:
    """For `aws ...` and `python -c ...` what comes after `python`, and which packages begin anew.

    The AWS CLI names its own folder in a variable when it is loaded. Source: awscli/__init__.py.
    """
    if words[0] == str(PROGRAMS / "aws"):
        return list(words), {"again": ["awscli"], "forgotten": []}
    if words[0] == sys.executable and words[1:2] == ["-c"] and len(words) > 2:
        return list(words[1:]), {"again": [], "forgotten": ["awscli"]}
    return None
