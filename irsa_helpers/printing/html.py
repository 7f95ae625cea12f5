"""Tables that a page without a kernel shows: plain HTML, whose cells stand at the left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

LEFT = "style='text-align:left'"  # JupyterLab and nbconvert put cells to the right.
BAR_SIGNS = 20


class Html(str):
    """Text that is HTML already: it is put in as it is."""

    __slots__ = ()


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table as HTML; each cell is text, or `Html`. A row of one cell is the head of a part."""
    columns = "".join(f"<th {LEFT} scope='col'>{escape(name)}</th>" for name in head)
    told = f"<caption {LEFT}><b>{escape(caption)}</b></caption>" if caption else ""
    body = "".join(_row(row, len(head)) for row in rows)
    return f"<table>{told}<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"


def code(text: str) -> Html:
    """The text as code."""
    return Html(f"<code>{escape(text)}</code>")


def bar(part: float, signs: int = BAR_SIGNS) -> Html:
    """A bar of signs that is full to that part, 0 to 1; it says nothing that is heard."""
    full = round(part * signs)
    return Html(f"<span aria-hidden='true'>{'▓' * full}{'░' * (signs - full)}</span>")


def _row(row: Sequence[str], columns: int) -> str:
    if len(row) == 1 < columns:
        return f"<tr><th {LEFT} colspan='{columns}' scope='colgroup'>{_inner(row[0])}</th></tr>"
    return "<tr>" + "".join(f"<td {LEFT}>{_inner(cell)}</td>" for cell in row) + "</tr>"


def _inner(cell: str) -> str:
    return cell if isinstance(cell, Html) else escape(cell)
