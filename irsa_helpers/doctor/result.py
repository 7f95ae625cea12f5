"""What the doctor found: each link of the chain, and the diagnosis they make together."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any, Literal

from irsa_helpers.printing.markdown import block, cell, code

State = Literal["ok", "broken", "risk", "cannot-see", "skipped"]
HIDDEN = ("cannot-see", "skipped")
NAMED = 3  # More links than these that cannot be seen are counted, not named.
PROBLEMS = ("broken", "risk")
WIDTH = 100  # The columns that a text is made for, where nobody says how many there are.


@dataclass(frozen=True)
class Link:
    """One link of the chain from a workload to its permissions.

    `broken`: the app is refused, or acts as somebody else. `risk`: the app works, but others get
    in as well or it will fail later. `cannot-see`: you lack the right that `found` names.
    `skipped`: it does not matter here, or an earlier link must be mended first.
    """

    name: str
    state: State
    found: str = ""
    expected: str = ""
    error: str = ""
    fix: str = ""

    def line(self, width: int = WIDTH) -> str:
        """The link in one line of a terminal; what is too long loses its middle."""
        head = f"  {self.state:<11}{self.name:<21}"
        if self.state in PROBLEMS:
            return f"{head}see below"
        return head + _shortened(self.found, width - len(head))

    def text(self, width: int = WIDTH) -> str:
        """The link in full; the fix stands at the left edge, to be copied as it is."""
        if self.state not in PROBLEMS:
            return self.line(width)
        lines = [f"{self.state.upper()} {self.name}"]
        for label in ("found", "expected", "error"):
            if text := getattr(self, label):
                lines.append(indented(f"  {label:<10}", text, width))
        return "\n".join([*lines, "  fix", self.fix] if self.fix else lines)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        """The link in full, with its fix as a block that can be copied."""
        if self.state not in PROBLEMS:
            return f"{self.state}: {code(self.name)}, {cell(self.found)}"
        lines = [f"**{self.state}: {code(self.name)}**", "", "| | |", "| :-- | :-- |"]
        for label in ("found", "expected", "error"):
            if text := getattr(self, label):
                lines.append(f"| {label} | {cell(text)} |")
        return "\n".join([*lines, "", block(self.fix, "bash")] if self.fix else lines)

    def to_dict(self) -> dict[str, str]:
        """The link as JSON-able data."""
        return asdict(self)


def indented(label: str, text: str, width: int) -> str:
    """Text behind a label, broken at the terminal's width; names and ARNs stay whole."""
    lines = [
        part
        for line in text.splitlines()
        for part in wrap(line, width - len(label), break_long_words=False, break_on_hyphens=False)
        or [""]
    ]
    return label + ("\n" + " " * len(label)).join(lines)


def _shortened(text: str, width: int) -> str:
    """Text in one line of that many signs: its beginning and its end, where it is longer."""
    one_line = " ".join(text.split())
    if len(one_line) <= width:
        return one_line
    head = width // 3
    return f"{one_line[:head]}…{one_line[len(one_line) - (width - head - 1) :]}"


@dataclass(frozen=True)
class Diagnosis:
    """All links of one workload's chain, in the order in which a handshake passes them.

    `note` is a sentence about the asking itself, mostly empty.
    """

    target: str
    namespace: str
    links: tuple[Link, ...]
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether no link is broken or at risk; what could not be seen does not count."""
        return not self.problems

    @property
    def problems(self) -> tuple[Link, ...]:
        """The links that are broken or at risk."""
        return tuple(link for link in self.links if link.state in PROBLEMS)

    @property
    def unseen(self) -> tuple[Link, ...]:
        """The links that your rights do not let you see."""
        return tuple(link for link in self.links if link.state == "cannot-see")

    def __getitem__(self, name: str) -> Link:
        return next(link for link in self.links if link.name == name)

    @property
    def summary(self) -> str:
        """One sentence: what is broken, what could not be seen, or that all is well."""
        parts = []
        for state, words in (("broken", "broken"), ("risk", "at risk"), ("cannot-see", "unseen")):
            names = [link.name for link in self.links if link.state == state]
            many = state == "cannot-see" and len(names) > NAMED
            if names:
                parts.append(f"{words}: {f'{len(names)} links' if many else ', '.join(names)}")
        if not self.problems and parts:
            return f"nothing broken among what could be seen; {'; '.join(parts)}"
        return "; ".join(parts) or "every link holds"

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON-able data."""
        return {
            "target": self.target,
            "namespace": self.namespace,
            "ok": self.ok,
            "summary": self.summary,
            "links": [link.to_dict() for link in self.links],
            "note": self.note,
        }

    def text(self, width: int = WIDTH) -> str:
        """The chain at a glance, then each problem in full, for a terminal of that many columns."""
        title = f"{self.target} in namespace {self.namespace}: {self.summary}"
        alike = Counter((link.state, link.found) for link in self.links if link.state in HIDDEN)
        many = [key for key, count in alike.items() if count > NAMED]
        alone = [link for link in self.links if (link.state, link.found) not in many]
        lines = [title, "", *(link.line(width) for link in alone)]
        for state, reason in many:
            names = [n.name for n in self.links if (n.state, n.found) == (state, reason)]
            lines.append(indented(f"  {state:<11}", f"{', '.join(names)}:\n{reason}", width))
        for link in self.problems:
            lines += ["", link.text(width)]
        return "\n".join([*lines, "", self.note] if self.note else lines)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        """The summary, each problem in full, and all links where one unfolds them."""
        parts = [
            f"**{cell(self.target)}** in namespace {code(self.namespace)}: {cell(self.summary)}"
        ]
        parts += [link._repr_markdown_() for link in self.problems]
        rows = [f"| {link.state} | {link.name} | {cell(link.found)} |" for link in self.links]
        table = "\n".join(["| state | link | found |", "| :-- | :-- | :-- |", *rows])
        folded = f"<details><summary>All {len(self.links)} links</summary>\n\n{table}\n\n</details>"
        return "\n\n".join([*parts, folded, *([f"*{cell(self.note)}*"] if self.note else [])])


def ok(what: str) -> Link:
    """The link holds."""
    return Link("", "ok", what)


def broken(what: str, *, expected: str, error: str, fix: str) -> Link:
    """The link is why the app is refused, or acts as somebody else."""
    return Link("", "broken", what, expected, error, fix)


def risk(what: str, *, expected: str, error: str, fix: str) -> Link:
    """The link holds for now, or for too many."""
    return Link("", "risk", what, expected, error, fix)
