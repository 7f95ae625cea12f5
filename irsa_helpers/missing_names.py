"""What a learner reads in place of `NameError` after a restart: which cell makes the name.

An IPython extension, which JupyterLab's kernels load when `irsa-lab open` serves the course.
"""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

# The path of the notebook that a kernel was started for. Source: Jupyter Server, sessionmanager.
NOTEBOOK_VARIABLE = "JPY_SESSION_NAME"


def load_ipython_extension(shell: Any) -> None:
    """Explain a missing name, where a cell of this notebook makes it."""
    shell.set_custom_exc((NameError,), _explain)


def _explain(shell: Any, kind: Any, error: NameError, traceback: Any, tb_offset: Any = None) -> Any:
    said = advice(Path(os.environ.get(NOTEBOOK_VARIABLE, "")), error.name or "")
    if said is None:
        return shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
    structured = [f"NameError: {said}"]
    shell._showtraceback(kind, error, structured)
    return structured


def advice(notebook: Path, name: str) -> str | None:
    """How to get a name that no cell has made yet; None where no cell of the notebook makes it."""
    if notebook.suffix != ".ipynb" or not notebook.is_file():
        return None
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    heading = ""
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = _last_heading(source) or heading
        elif cell["cell_type"] == "code" and name in names_made(source):
            return _sentence(name, heading, source.strip().splitlines()[0])
    return None


def _sentence(name: str, heading: str, first_line: str) -> str:
    return (
        f"{name!r} is made by an earlier cell that this kernel has not run:\n"
        f"  below {heading!r}, the cell that begins  {first_line}\n"
        "Next step: Run → Run All Above Selected Cell, then this cell again."
    )


def _last_heading(markdown: str) -> str:
    headings = [line.lstrip("# ") for line in markdown.splitlines() if line.startswith("#")]
    return headings[-1] if headings else ""


def names_made(source: str) -> set[str]:
    """The names that a cell's own lines bind: by assignment, import, `def`, `class`, `for`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with IPython's own syntax, or one that the learner is writing
        return set()
    return {name for statement in tree.body for name in _bound(statement)}


def _bound(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(each.asname or each.name).partition(".")[0] for each in node.names}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return set()
    return {name for child in ast.iter_child_nodes(node) for name in _bound(child)}
