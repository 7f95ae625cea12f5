"""The course, run, as pages without kernel and network: `python -m irsa_helpers.course.site`."""

from __future__ import annotations

import re
import shutil
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click

from irsa_helpers.course import tour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "image/svg+xml"

# Small enough for a phone, and in the reader's own light or dark colours. What is wider than the
# screen (a picture, a table) scrolls in its own box, never the page.
STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d);
  --code: light-dark(#f6f8fa, #151b23); --accent: light-dark(#0969da, #4493f8); }
body { max-width: 50rem; margin: 0 auto; padding: 0 1rem 4rem; line-height: 1.6;
  font-family: system-ui, sans-serif; overflow-wrap: break-word;
  color: light-dark(#1f2328, #f0f6fc); background: light-dark(#ffffff, #0d1117); }
h1 { font-size: 1.8rem; line-height: 1.25; } h2 { font-size: 1.35rem; line-height: 1.3; }
a { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: 1rem 0; }
header { border-bottom: 1px solid var(--line); } footer { border-top: 1px solid var(--line); }
pre { padding: .75rem; border-radius: 6px; background: var(--code);
  font-size: .85rem; line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
.output pre { background: none; border-left: 3px solid var(--line); border-radius: 0; }
.prompt, .anchor-link { display: none; }
.scroll { display: block; overflow-x: auto; }
.scroll > img, .scroll > svg { display: block; width: 100%; height: auto; min-width: 40rem; }
img { background: #fff; border-radius: 8px; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; min-width: 6rem;
  vertical-align: top; }
td:first-child, th:first-child { min-width: 4rem; }
td code, td:not(:first-child) { overflow-wrap: anywhere; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--accent); }
.highlight .k, .highlight .kn { color: light-dark(#cf222e, #ff7b72); }
.highlight .s1, .highlight .s2 { color: light-dark(#0a3069, #a5d6ff); }
.highlight .c1 { color: light-dark(#57606a, #9198a1); }
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><nav aria-label="Pages">{navigation}</nav></header>
<main>
{body}
</main>
<footer><nav aria-label="Pages, again">{navigation}</nav></footer>
</body>
</html>
"""


INDEX = """# IRSA Lab: the course

IAM Roles for Service Accounts on Amazon EKS, step by step. These pages are the course's notebooks
with all that they printed when they were run; they need no network. To run, break and mend it
yourself, without an AWS account: `make lab` in the project.

![The handshake: from a Pod that is created, by its token and STS, to S3](images/handshake.svg)

"""


def build(folder: Path) -> list[Path]:
    """Run every notebook in a world of its own and write its page; returns the pages.

    Raises nbclient's CellExecutionError for a notebook that fails: a broken course has no site.
    """
    paths = tour.notebooks()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(paths[0].parent / "images", folder / "images", dirs_exist_ok=True)
    with tour.own_world():
        run = {path.stem: tour.execute(path) for path in paths}
    titles = {name: notebook_title(notebook) for name, notebook in run.items()}
    pages = [_write(folder, name, titles, notebook_body(run[name])) for name in run]
    for path in sorted(paths[0].parent.glob("*.md")):
        pages.append(_write(folder, path.stem, titles, _markdown(path.read_text(encoding="utf-8"))))
    return [*pages, _write(folder, "index", titles, _index(run))]


def _index(run: Mapping[str, NotebookNode]) -> str:
    """The first page: what this is, and each notebook with its goal and time."""
    listed = []
    for name, notebook in run.items():
        facts = dict(
            re.findall(r"\*\*(\w+):\*\* ([^\n]+(?:\n  [^\n]+)*)", notebook.cells[0].source)
        )
        told = " ".join(f"{facts.get('Goal', '')} ({facts.get('Time', '').rstrip('.')})".split())
        listed.append(f"- [{notebook_title(notebook)}]({name}.ipynb)  \n  {told}")
    return _markdown(INDEX + "\n".join(listed))


def notebook_title(notebook: NotebookNode) -> str:
    """The heading of the first cell."""
    return str(notebook.cells[0].source).splitlines()[0].removeprefix("# ")


def notebook_body(notebook: NotebookNode) -> str:
    """The cells as HTML; a widget is told by the picture or text beside it."""
    from nbconvert import HTMLExporter

    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop(WIDGET, None)
            if SVG in data:
                # Drawn into the page, a picture keeps its title and description for screen readers.
                data["text/html"] = data.pop(SVG)
    exporter = HTMLExporter(template_name="basic", anchor_link_text="")  # type: ignore[no-untyped-call]
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


def _markdown(text: str) -> str:
    from nbconvert.filters import markdown2html_mistune

    return str(markdown2html_mistune(text))


def _write(folder: Path, name: str, titles: Mapping[str, str], body: str) -> Path:
    """The page, between the way back and the way on."""
    title = titles.get(name, "IRSA Lab" if name == "index" else name.capitalize())
    path = folder / f"{name}.html"
    path.write_text(
        PAGE.format(
            title=escape(title),
            style=STYLE,
            navigation=_navigation(name, titles),
            body=_boxed(_linked(body)),
        ),
        encoding="utf-8",
    )
    return path


def _navigation(name: str, titles: Mapping[str, str]) -> str:
    """Links to the first page, and to the notebooks before and after this one."""
    order = list(titles)
    place = order.index(name) if name in titles else len(order)
    around = {"Back": order[:place][-1:], "Next": order[place + 1 :][:1]} if name in titles else {}
    links = ['<a href="index.html">IRSA Lab</a>']
    links += [
        f'<a href="{other}.html">{word}: {escape(titles[other])}</a>'
        for word, places in around.items()
        for other in places
    ]
    return " ".join(links)


def _linked(body: str) -> str:
    """Links lead to the other pages instead of to their sources; a lab has no page."""
    body = re.sub(r'<a href="\.\./[^"]*"[^>]*>(.*?)</a>', r"\1", body)
    return re.sub(r'href="([\w-]+)\.(?:ipynb|md)(#[^"]*)?"', r'href="\1.html\2"', body)


def _boxed(body: str) -> str:
    """Pictures and tables in boxes that scroll by themselves, by keyboard too."""
    box = r'<span class="scroll" tabindex="0">\1</span>'
    body = re.sub(r"(<img [^>]*>|<svg .*?</svg>)", box, body, flags=re.DOTALL)
    return re.sub(r"(<table.*?</table>)", box.replace("span", "div"), body, flags=re.DOTALL)


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("site"), show_default=True)
def main(output: Path) -> None:
    """Run the course and write it as a static site."""
    pages = build(output)
    click.echo(f"{len(pages)} pages: {output / 'index.html'}")


if __name__ == "__main__":
    main()
