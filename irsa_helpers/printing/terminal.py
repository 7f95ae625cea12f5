"""What the commands print: in colour and aligned on a terminal, plain where a program reads.

Texts that came from somewhere else are printed as the texts they are: none steers the terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from irsa_helpers.errors import plain
from irsa_helpers.printing.boxes import line

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

GOOD, BAD, OPEN, QUIET = "green", "red", "yellow", "dim"
# Each of these signs and words is told by a colour as well, wherever it fills a cell of a table.
COLOURS = {
    "✓": GOOD,
    "✗": BAD,
    "✓ ok": GOOD,
    "✗ NO": BAD,
    "done": GOOD,
    "right": GOOD,
    "ok": GOOD,
    "running": GOOD,
    "PASS": GOOD,
    "FAIL": BAD,
    "NOTE": OPEN,
    "wrong": BAD,
    "denied": BAD,
    "error": BAD,
    "not yet": OPEN,
    "open": OPEN,
    "waits": QUIET,
    "not tried": QUIET,
    "stopped": QUIET,
}
VERDICTS = {"right": GOOD, "wrong": BAD, "open": OPEN}
ENDLESS = 10_000  # Columns where nothing has to fit a window.


def say(text: str = "", *, err: bool = False) -> None:
    """Print a text for a person to read."""
    import click

    stream = sys.stderr if err else sys.stdout
    click.echo(_writable(plain(text), stream), err=err)


def heading(text: str) -> None:
    """Print what the lines after it are about."""
    _console().print(f"\n{plain(text)}", style="bold", markup=False, highlight=False)


def marked(text: str) -> None:
    """Print a text in which a line may begin with a word of COLOURS, and two blanks."""
    from rich.text import Text

    console = _console()
    for written in _writable(plain(text)).splitlines():
        word = written.partition("  ")[0]
        shown = Text.assemble((word, COLOURS.get(word, "")), written[len(word) :])
        console.print(shown, soft_wrap=True)


def rows(lines: Iterable[Sequence[str]], *, indent: int = 0) -> None:
    """Print lines whose cells stand below one another; the last cell takes what room there is."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    lines = list(lines)
    if not lines:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    cells = [[Text(_writable(plain(text)), style=COLOURS.get(text, "")) for text in row]
             for row in lines]  # fmt: skip
    for place in range(max(map(len, cells), default=0)):
        last = all(len(row) <= place + 1 for row in cells)
        grid.add_column(overflow="fold", no_wrap=not last)
    for row in cells:
        grid.add_row(*row)
    console = _console()
    with console.capture() as drawn:
        console.print(Padding(grid, (0, 0, 0, indent)))
    sys.stdout.write("".join(f"{row.rstrip()}\n" for row in drawn.get().splitlines()))


def verdict(kind: str, word: str, says: str = "", next_step: str = "") -> None:
    """Print what all of it comes to, last and after an empty line, and what to do next."""
    style = f"bold {VERDICTS[kind]}"
    text = _writable(line(kind, word, says))
    _console().print(f"\n{text}", style=style, markup=False, highlight=False, soft_wrap=True)
    if next_step:
        say(f"Next: {next_step}")


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """Say on a terminal that something goes on, until it is done; the function takes new words."""
    console = _console(err=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.text import Text

    with console.status(Text(plain(what))) as status:
        yield lambda text: status.update(Text(plain(text)))


def _console(*, err: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=err, force_jupyter=False)
    if not console.is_terminal:
        console.width = ENDLESS
    return console


def _writable(text: str, stream: TextIO | None = None) -> str:
    """The text with a `?` for each sign that the stream's encoding has none for."""
    encoding = (stream or sys.stdout).encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
