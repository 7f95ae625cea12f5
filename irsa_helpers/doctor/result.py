"""What the doctor found: each link of the chain, and the diagnosis they make together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "broken", "risk", "cannot-see", "skipped"]
PROBLEMS = ("broken", "risk")


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

    def __str__(self) -> str:
        lines = [f"{self.state:<11}{self.name:<23}{_indented(self.found, 34)}"]
        for label in ("expected", "error", "fix") if self.state in PROBLEMS else ():
            if text := getattr(self, label):
                lines.append(f"{'':<11}{label:<10}{_indented(text, 21)}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, str]:
        """The link as JSON-able data."""
        return asdict(self)


def _indented(text: str, columns: int) -> str:
    return text.replace("\n", "\n" + " " * columns)


@dataclass(frozen=True)
class Diagnosis:
    """All links of one workload's chain, in the order in which a handshake passes them."""

    target: str
    namespace: str
    links: tuple[Link, ...]

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
            if names := [link.name for link in self.links if link.state == state]:
                parts.append(f"{words}: {', '.join(names)}")
        return "; ".join(parts) or "every link holds"

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON-able data."""
        return {
            "target": self.target,
            "namespace": self.namespace,
            "ok": self.ok,
            "summary": self.summary,
            "links": [link.to_dict() for link in self.links],
        }

    def __str__(self) -> str:
        title = f"{self.target} in namespace {self.namespace}: {self.summary}"
        return "\n".join([title, "", *map(str, self.links)])

    def _repr_markdown_(self) -> str:
        return f"```\n{self}\n```"


def ok(found: str) -> Link:
    """The link holds."""
    return Link("", "ok", found)


def broken(found: str, *, expected: str, error: str, fix: str) -> Link:
    """The link is why the app is refused, or acts as somebody else."""
    return Link("", "broken", found, expected, error, fix)


def risk(found: str, *, expected: str, error: str, fix: str) -> Link:
    """The link holds for now, or for too many."""
    return Link("", "risk", found, expected, error, fix)
