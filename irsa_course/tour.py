"""`python -m irsa_course.tour`: the course without a browser, in a world of its own."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from irsa_course.folder import notebooks
from irsa_helpers.ground import state
from irsa_helpers.worlds import launch

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 120


def execute(path: Path, *, solved: bool = False) -> NotebookNode:
    """The notebook with its outputs, run from the folder that it is in.

    With `solved`, each exercise is run twice: as it stands, which must not pass, and with its
    solution, which must. Raises nbclient's CellExecutionError for a cell that fails. The sandbox is
    that of `IRSA_LAB_HOME`. The tag `raises-exception` lets a real account go on past cells that
    only the sandbox can run; here they must run as all others do, so it is not heeded.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    if solved:
        notebook.cells = list(_with_solutions(notebook.cells))
    return run(notebook, path.parent)


def _with_solutions(cells: Sequence[NotebookNode]) -> Iterator[NotebookNode]:
    from nbformat.v4 import new_code_cell

    from irsa_course.exercises.words import all_words

    known = {words.id: words for words in all_words()}
    for cell in cells:
        yield cell
        if words := known.get(cell.id):
            proof: NotebookNode = new_code_cell(words.proof)  # type: ignore[no-untyped-call]
            yield proof


def run(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The same notebook, run in that folder; see `execute`."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        # A page without a kernel shows the picture or the text beside a widget.
        store_widget_state=False,
        shutdown_kernel="immediate",
        force_raise_errors=True,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    with tempfile.TemporaryDirectory(prefix="irsa-lab-kernel-") as sockets:
        if os.name == "posix":
            # A free port that is looked for may be taken before the kernel listens at it.
            manager = client.create_kernel_manager()
            manager.transport, manager.ip = "ipc", f"{sockets}/kernel"
        client.execute()
    return notebook


@contextmanager
def own_world() -> Iterator[Path]:
    """A sandbox in a temporary folder, so that the learner's own is not touched."""
    earlier = os.environ.get(state.HOME_VARIABLE)
    with tempfile.TemporaryDirectory(prefix="irsa-lab-tour-") as folder:
        os.environ[state.HOME_VARIABLE] = folder
        try:
            yield Path(folder)
        finally:
            launch.stop_sandbox(Path(folder))
            os.environ.pop(state.HOME_VARIABLE)
            if earlier is not None:
                os.environ[state.HOME_VARIABLE] = earlier


@click.command()
@click.option("--notebook", default="", help="Only notebooks whose name begins so, say 03.")
def main(notebook: str) -> None:
    """Run the course's notebooks; exit 0 only if every one passes."""
    from nbclient.exceptions import CellExecutionError
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console = Console()
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    paths = notebooks(notebook)
    failed = []
    with own_world(), Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(paths))
        for path in paths:
            progress.update(task, description=path.stem)
            try:
                execute(path, solved=True)
            except CellExecutionError as error:
                failed.append(path.stem)
                said = Text.from_ansi(str(error))
                console.print(f"[red]{path.stem} failed[/red]", said, sep="\n", highlight=False)
            else:
                console.print(f"passed  {path.stem}")
            progress.advance(task)
    if failed:
        console.print(f"{len(failed)} of {len(paths)} failed: {', '.join(failed)}")
        sys.exit(1)
    console.print(f"all {len(paths)} notebooks passed")


if __name__ == "__main__":
    main()
