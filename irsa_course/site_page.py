"""One page of the course's site: its frame, its links, and what the search finds in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "site_files"
# Beside the page in its folder: what is asked of it is the same for all pages.
SEARCH = "search.js"
LABS = "lab-"
HEADINGS = ["h1", "h2", "h3"]


@dataclass(frozen=True)
class Page:
    """A page before it is written: `group` has the pages that one reads one after another."""

    name: str
    title: str
    body: str
    group: str = ""

    @property
    def file(self) -> str:
        """The page's file name."""
        return f"{self.name}.html"


def page_html(page: Page, pages: Sequence[Page]) -> str:
    """The page between the way back and the way on."""
    template = (HERE / "page.html").read_text("utf-8")
    parts = {
        "title": escape(page.title),
        "style": (HERE / "site.css").read_text("utf-8"),
        "navigation": _navigation(page, pages),
        "body": boxed(linked(page.body, prefix=LABS if page.group == "labs" else "")),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda gap: parts[gap[1]], template)


def _navigation(page: Page, pages: Sequence[Page]) -> str:
    """Links to the first page, and to those before and after this one in its group."""
    group = [other for other in pages if page.group and other.group == page.group]
    links = ['<a href="index.html">IRSA Lab</a>']
    if group:
        place = group.index(page)
        around = (
            ("Back", group[max(0, place - 1) : place]),
            ("Next", group[place + 1 : place + 2]),
        )
        links += [
            f'<a href="{other.file}">{word}: {escape(other.title)}</a>'
            for word, others in around
            for other in others
        ]
    return " ".join(links)


def linked(body: str, prefix: str = "") -> str:
    """Links lead to the other pages instead of to their sources.

    `prefix` is that of the pages beside this one; what has no page is no link.
    """
    body = re.sub(r'href="\.\./labs/([\w-]+)\.ipynb"', rf'href="{LABS}\1.html"', body)
    body = re.sub(r'href="\.\./notebooks/([\w-]+)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', body)
    body = re.sub(r'<a href="\.\./[^"]*"[^>]*>(.*?)</a>', r"\1", body)
    return re.sub(r'href="([\w-]+)\.(?:ipynb|md)(#[^"]*)?"', rf'href="{prefix}\1.html\2"', body)


def boxed(body: str) -> str:
    """Pictures and tables in boxes that scroll by themselves, by keyboard too."""
    box = r'<span class="scroll" tabindex="0">\1</span>'
    body = re.sub(r"(<img [^>]*>|<svg .*?</svg>)", box, body, flags=re.DOTALL)
    return re.sub(r"(<table.*?</table>)", box.replace("span", "div"), body, flags=re.DOTALL)


def sections(page: Page) -> Iterator[dict[str, str]]:
    """What the search looks through: a page's sections, without what its cells printed.

    Keys: `page` (file and place in it), `title` (of the page), `heading` and `text`.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page.body, "html.parser")
    for output in soup.select(".output, .output_wrapper, .jp-OutputArea, svg"):
        output.decompose()
    headings = soup.find_all(HEADINGS)
    for heading in headings:
        place = f"#{heading['id']}" if heading.get("id") else ""
        yield {
            "page": page.file + place,
            "title": page.title,
            "heading": _plain(heading.get_text(" ")),
            "text": _plain("".join(_texts_after(heading))),
        }


def _texts_after(heading: Any) -> Iterator[str]:
    """The texts until the next heading."""
    for piece in heading.next_elements:
        if piece.name in HEADINGS:
            return
        if piece.name is None and heading not in piece.parents:
            yield str(piece)


def _plain(text: str) -> str:
    return " ".join(text.replace("¶", "").split())
