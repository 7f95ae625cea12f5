"""What a learner reads in place of a client's traceback: the answer, the line of the cell, a step.

An IPython extension, which JupyterLab's kernels load when `irsa-lab open` serves the course. The
inner lines of boto3 and of the Kubernetes client explain nothing to somebody who misspelt a name.
"""

from __future__ import annotations

import json
import os
import re
import sys
import traceback as tracebacks
from pathlib import Path
from types import TracebackType
from typing import Any

from irsa_course import missing_names

# Whose errors speak for themselves; every other error keeps its traceback.
PACKAGES = {"botocore", "kubernetes", "urllib3", "irsa_helpers"}
# After `irsa-lab reset` all keys are other ones; after `irsa-lab down` nobody answers.
CONNECT = "run the notebook's first code cell again: it starts the sandbox and connects anew."
# What to do, by a word of the error's type or of its first line.
NEXT_STEPS = {
    r"NoSuch|NotFound|\bnot found\b": "correct the name, or run the cell that makes it.",
    r"AlreadyExists|Conflict": "it is there already: go on with the next cell.",
    r"Connection\w*Error|MaxRetry|Unauthorized|InvalidClientTokenId|UnrecognizedClient": CONNECT,
}
ELSE = "correct the line above, then run the cell again."


def load_ipython_extension(shell: Any) -> None:
    """Explain what a client says, and a name that no cell has made yet."""
    shell.set_custom_exc((Exception,), _show)


def _show(
    shell: Any, kind: type[Exception], error: Exception, traceback: Any, tb_offset: Any = None
) -> Any:
    if isinstance(error, NameError):
        notebook = Path(os.environ.get(missing_names.NOTEBOOK_VARIABLE, ""))
        said = missing_names.advice(notebook, error.name or "")
    else:
        said = explanation(shell, error, traceback)
    if said is None:
        return shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    # So that %tb and %debug find it: they show what is left out here.
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, traceback
    structured = [f"{kind.__name__}: {said}"]
    shell._showtraceback(kind, error, structured)
    return structured


def explanation(shell: Any, error: Exception, traceback: TracebackType | None) -> str | None:
    """The error's sentence, the lines of cells that led to it, and the next step.

    None for an error that is none of a client's, or one that shows itself.
    """
    package = type(error).__module__.partition(".")[0]
    if name := _called_without_world(traceback):
        said, step = f"{name} takes the world first", f"write {name}(world, …)"
    elif package not in PACKAGES or hasattr(error, "_render_traceback_"):
        return None
    else:
        said = _sentence(error)
        step = _next_step(type(error).__name__, said)
    lines = [f"  {place}:  {line}" for place, line in _cell_lines(shell, traceback)]
    return "\n".join([said, *lines, f"Next step: {step}"])


def _called_without_world(traceback: TracebackType | None) -> str:
    """The helper in which an error arose since something else stands for its world; else empty."""
    frames = [frame for frame, _ in tracebacks.walk_tb(traceback)]
    for frame in frames:
        own = str(frame.f_globals.get("__name__", "")).startswith("irsa_")
        if own and isinstance(frame.f_locals.get("world"), str | dict | list):
            return frame.f_code.co_name
    return ""


def _sentence(error: Exception) -> str:
    """What the service said. The Kubernetes client has it in its body, a Status object."""
    try:
        return str(json.loads(getattr(error, "body", None) or "")["message"])
    except (ValueError, KeyError, TypeError):
        return str(error)


def _cell_lines(shell: Any, traceback: TracebackType | None) -> list[tuple[str, str]]:
    """Each line of a cell on the way to the error, with its place, such as `In[3], line 2`."""
    frames = tracebacks.extract_tb(traceback)
    named = [(shell.compile.format_code_name(frame.filename), frame) for frame in frames]
    return [(f"{name[1]}, line {frame.lineno}", frame.line or "") for name, frame in named if name]


def _next_step(kind: str, said: str) -> str:
    first_line = said.splitlines()[0] if said else ""
    for words, step in NEXT_STEPS.items():
        if re.search(words, f"{kind} {first_line}"):
            return step
    return ELSE
