"""What a learner reads in place of `NameError`: which cell makes the name, or which name was meant.

The extension `cell_errors` shows it.
"""

from __future__ import annotations

import ast
import json
from difflib import get_close_matches
from pathlib import Path

# The path of the notebook that a kernel was started for. Source: Jupyter Server, sessionmanager.
NOTEBOOK_VARIABLE = "JPY_SESSION_NAME"
LIKENESS = 0.7  # `trsut` is as like `trust` as 0.8


def advice(notebook: Path, name: str) -> str | None:
    """How to get a name that no cell has made yet, or the name that was meant.

    None where no cell of the notebook makes such a name or one like it.
    """
    if notebook.suffix != ".ipynb" or not notebook.is_file():
        return None
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    heading, known = "", set[str]()
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = _last_heading(source) or heading
        elif cell["cell_type"] == "code":
            known |= (made := names_made(source))
            if name in made:
                return _sentence(name, heading, source.strip().splitlines()[0])
    meant = get_close_matches(name, sorted(known), n=1, cutoff=LIKENESS)
    return f"no cell makes {name!r}.\nNext step: did you mean {meant[0]!r}?" if meant else None


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
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return set()
    return {name for child in ast.iter_child_nodes(node) for name in _bound(child)}
