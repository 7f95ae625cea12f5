"""The talk as one page of slides that needs no network: `python -m irsa_workshop.stage.slides`.

nbconvert's own slides load reveal.js from the network; the notebook has their metadata as well.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click

from irsa_course import site, tour
from irsa_workshop.stage.model import demo_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode

PAGE = Path(__file__).with_name("slides.html")


@dataclass
class Slide:
    """Cells that are seen together, and those that only the speaker sees."""

    shown: list[NotebookNode] = field(default_factory=list)
    notes: list[NotebookNode] = field(default_factory=list)


def slides(notebook: NotebookNode) -> list[Slide]:
    """The slides of a notebook, by the `slide_type` of its cells; what is to be skipped is not."""
    made: list[Slide] = []
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if kind in {"slide", "subslide"} or not made:
            made.append(Slide())
        if kind != "skip":
            (made[-1].notes if kind == "notes" else made[-1].shown).append(cell)
    return [slide for slide in made if slide.shown]


def page(notebook: NotebookNode, folder: Path) -> str:
    """The notebook as one page; `folder` is where its pictures are looked for."""
    sections = (
        f"<section>{_html(notebook, slide.shown)}<aside>{_html(notebook, slide.notes)}</aside>"
        "</section>"
        for slide in slides(notebook)
    )
    parts = {
        "title": escape(site.notebook_title(notebook)),
        "slides": _embedded("\n".join(sections), folder),
    }
    text = PAGE.read_text(encoding="utf-8")
    for name, value in parts.items():
        text = text.replace(f"<!-- {name} -->", value)
    return text


def _html(notebook: NotebookNode, cells: list[NotebookNode]) -> str:
    from nbformat.v4 import new_notebook

    part: NotebookNode = new_notebook(metadata=notebook.metadata, cells=cells)  # type: ignore[no-untyped-call]
    return site.notebook_body(part)


def _embedded(body: str, folder: Path) -> str:
    """The body with its pictures in it, instead of their addresses."""

    def data(image: re.Match[str]) -> str:
        path = folder / image[1]
        kind, _ = mimetypes.guess_type(path.name)
        return f'src="data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"'

    return re.sub(r'src="(?!data:)([^"]+)"', data, body)


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path), default=Path("talk.html"), show_default=True
)
def main(output: Path) -> None:
    """Run the talk in a world of its own and write its slides."""
    path = demo_folder() / "talk.ipynb"
    with tour.own_world():
        notebook = tour.execute(path)
    output.write_text(page(notebook, path.parent), encoding="utf-8")
    click.echo(f"{len(slides(notebook))} slides: {output}")


if __name__ == "__main__":
    main()
