"""The course, run, as pages without kernel and network: `python -m irsa_course.site`."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import nbformat

from irsa_course import tour
from irsa_course.folder import notebooks
from irsa_course.site_page import HERE, LABS, SEARCH, Page, page_html, sections
from irsa_helpers.labs.model import LEVELS, Lab, all_labs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "image/svg+xml"

LABS_HEAD = """
## Break-fix labs

Each is a small broken world with a story and a symptom. What is wrong with it stands on none of
these pages: `irsa-lab labs start 01` in the project opens one.
"""
INDEX = """# IRSA Lab: the course

IAM Roles for Service Accounts on Amazon EKS, step by step. These pages are the course's notebooks
with all that they printed when they were run; they need no network. To run, break and mend it
yourself, without an AWS account: `make lab` in the project.

![The handshake: from a Pod that is created, by its token and STS, to S3](images/handshake.svg)

"""


def build(folder: Path) -> list[Path]:
    """Run every notebook in a world of its own and write its page, and one for each lab.

    Returns the pages. Raises nbclient's CellExecutionError for a notebook that fails: a broken
    course has no site.
    """
    paths = notebooks()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(paths[0].parent / "images", folder / "images", dirs_exist_ok=True)
    with tour.own_world():
        run = {path.stem: tour.execute(path) for path in paths}
    pages = [
        Page("index", "IRSA Lab", _index(run)),
        *(Page(n, notebook_title(nb), notebook_body(nb), "notebooks") for n, nb in run.items()),
        *map(_lab_page, all_labs()),
        *map(_text_page, sorted(paths[0].parent.glob("*.md"))),
    ]
    listed = json.dumps([section for page in pages for section in sections(page)])
    script = (HERE / SEARCH).read_text("utf-8")
    (folder / SEARCH).write_text(f"const sections = {listed};\n{script}", encoding="utf-8")
    return [_write(folder, page, pages) for page in pages]


def _write(folder: Path, page: Page, pages: list[Page]) -> Path:
    path = folder / page.file
    path.write_text(page_html(page, pages), encoding="utf-8")
    return path


def _lab_page(lab: Lab) -> Page:
    """A lab as its notebook tells of it before it is begun: no answer stands there."""
    notebook: Any = nbformat.read(lab.notebook, as_version=4)  # type: ignore[no-untyped-call]
    return Page(f"{LABS}{lab.id}", lab.title, notebook_body(notebook), "labs")


def _text_page(path: Path) -> Page:
    return Page(path.stem, path.stem.capitalize(), _markdown(path.read_text("utf-8")))


def _index(run: Mapping[str, NotebookNode]) -> str:
    """The first page: what this is, each notebook with its goal and time, and the labs."""
    listed = []
    for name, notebook in run.items():
        facts = dict(
            re.findall(r"\*\*(\w+):\*\* ([^\n]+(?:\n  [^\n]+)*)", notebook.cells[0].source)
        )
        told = " ".join(f"{facts.get('Goal', '')} ({facts.get('Time', '').rstrip('.')})".split())
        listed.append(f"- [{notebook_title(notebook)}]({name}.ipynb)  \n  {told}")
    return _markdown("\n".join([INDEX, *listed, LABS_HEAD, *_listed_labs()]))


def _listed_labs() -> Iterator[str]:
    for level in LEVELS:
        yield f"\n### {level.capitalize()}\n"
        for lab in all_labs():
            if lab.level == level:
                link = f"[{lab.number} {lab.title}](../labs/{lab.id}.ipynb)"
                yield f"- {link} ({lab.minutes} minutes)"


def notebook_title(notebook: NotebookNode) -> str:
    """The heading of the first cell."""
    return str(notebook.cells[0].source).splitlines()[0].removeprefix("# ")


def notebook_body(notebook: NotebookNode) -> str:
    """The cells as HTML; a widget is told by the picture or text beside it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop(WIDGET, None)
            if SVG in data:
                # Drawn into the page, a picture keeps its title and description for screen readers.
                data["text/html"] = data.pop(SVG)
    body, _ = _exporter().from_notebook_node(notebook)
    return str(body)


@cache
def _exporter() -> Any:
    """One for all: it reads its templates once."""
    from nbconvert import HTMLExporter

    return HTMLExporter(template_name="basic", anchor_link_text="")  # type: ignore[no-untyped-call]


def _markdown(text: str) -> str:
    from nbconvert.filters import markdown2html_mistune

    return str(markdown2html_mistune(text))


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("site"), show_default=True)
def main(output: Path) -> None:
    """Run the course and write it as a static site."""
    pages = build(output)
    click.echo(f"{len(pages)} pages: {output / 'index.html'}")


if __name__ == "__main__":
    main()
