"""Faults of a whole cluster: each told once, with the workloads that it strikes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from irsa_helpers.doctor.evidence.case import Case
from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError
from irsa_helpers.doctor.fixes.shell import LATER, NEW_PODS, RESTART, commands, parts_of
from irsa_helpers.doctor.fixes.trial import tried
from irsa_helpers.doctor.result import PROBLEMS, WIDTH, Link, indented
from irsa_helpers.doctor.walk import LINKS
from irsa_helpers.printing.markdown import cell

# Links on what workloads share: the same words tell of the same fault, whoever meets it.
SHARED = {
    *("pod-identity-agent", "provider", "provider-audience", "role", "target-role", "trust-scope"),
    *("permissions", "permission-resources", "permission-scope", "permission-limits"),
    *("resource-policies", "encryption-keys", "addon-calls"),
}
METADATA = "metadata-service"  # What a cluster has in one namespace, it has in all.
ANEW = (RESTART, "kubectl create job", "kubectl delete pod", LATER, NEW_PODS)
NAMED = 4  # Workloads that are named of those in which a link could not be seen.


@dataclass(frozen=True)
class Walked:
    """A workload whose chain was walked."""

    case: Case
    links: tuple[Link, ...]

    @property
    def name(self) -> str:
        """As in `shop/deployment/app`."""
        return f"{self.case.namespace}/{self.case.kind.name}/{self.case.name}"

    @property
    def problems(self) -> list[Link]:
        """The links that are broken or at risk."""
        return [link for link in self.links if link.state in PROBLEMS]

    @property
    def account(self) -> str:
        """The ServiceAccount that it runs as, as in `shop/app`; empty where that is not seen."""
        try:
            return f"{self.case.namespace}/{self.case.account_name}"
        except (CannotSeeError, SkipError):
            return ""

    @property
    def role_arn(self) -> str:
        """The role that its chain leads to; empty for none."""
        try:
            return self.case.role_arn
        except (CannotSeeError, SkipError):
            return ""


@dataclass(frozen=True)
class Fault:
    """A link that is broken or at risk, or cannot be seen, and the workloads in which it is so."""

    link: Link
    workloads: tuple[str, ...]

    @property
    def title(self) -> str:
        """How bad, which link, and where."""
        count = len(self.workloads)
        where = "" if count == 1 else f" in {count} workloads"
        return f"{self.link.state.upper()} {self.link.name}{where}: {', '.join(self.workloads)}"

    def text(self, width: int = WIDTH) -> str:
        """The fault in full, for a terminal of that many columns."""
        _, *rest = self.link.text(width).splitlines()
        return "\n".join([indented("", self.title, width), *rest])

    def line(self) -> str:
        """In one sentence, with the first of the workloads."""
        named = ", ".join(self.workloads[:NAMED]) + ", …" * (len(self.workloads) > NAMED)
        where = f"{len(self.workloads)} workload" + "s" * (len(self.workloads) != 1)
        return f"{self.link.name} in {where} ({named}): {self.link.found}"

    def markdown(self) -> str:
        """The fault in full, with its fix as a block that can be copied."""
        return f"{self.link._repr_markdown_()}\n\nIn {cell(', '.join(self.workloads))}"

    def to_dict(self) -> dict[str, Any]:
        """The fault as JSON-able data."""
        told = self.link.to_dict()
        return {"link": told.pop("name"), "count": len(self.workloads),
                "workloads": list(self.workloads), **told}  # fmt: skip


def faults(walked: Iterable[Walked]) -> Iterator[Fault]:
    """The problems of all, each once: the more it strikes, the earlier.

    The fix was tried, and has what is to be typed for each of the workloads.
    """
    groups: dict[tuple[str, ...], list[tuple[Walked, Link]]] = {}
    for one in walked:
        for link in one.problems:
            groups.setdefault(_cause(one, link), []).append((one, link))
    for group in sorted(groups.values(), key=len, reverse=True):
        [(first, link), *_] = group
        fix = commands(link.fix, *_more(link, (other for _, other in group)))
        workloads = tuple(one.name for one, _ in group)
        yield Fault(tried(first.case, replace(link, fix=fix), LINKS.get(link.name)), workloads)


def unseen(walked: Iterable[Walked]) -> Iterator[Fault]:
    """The links that could not be seen, those alike together."""
    groups: dict[tuple[str, str], tuple[Link, list[str]]] = {}
    for one in walked:
        for link in one.links:
            if link.state == "cannot-see":
                groups.setdefault((link.name, link.found), (link, []))[1].append(one.name)
    for link, workloads in groups.values():
        yield Fault(link, tuple(workloads))


def _cause(one: Walked, link: Link) -> tuple[str, ...]:
    """What tells a fault from another: what is to be changed, or what workloads share."""
    if link.name in SHARED:
        return link.name, link.state, link.found
    if link.name == METADATA:
        return link.name, link.state
    kept = [part for part in parts_of(link.fix) if not part.startswith(ANEW)]
    place = one.case.namespace
    return link.name, link.state, place, *(kept or [link.expected])


def _more(first: Link, others: Iterable[Link]) -> Iterator[str]:
    """What is to be typed for the other workloads besides."""
    told = set(parts_of(first.fix))
    for link in others:
        for part in parts_of(link.fix):
            if part.startswith("kubectl ") and part not in told:
                told.add(part)
                yield part
