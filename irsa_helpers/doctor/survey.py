"""The whole cluster: every workload's chain walked, and beside it who can become which role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from irsa_helpers.doctor import open_labs
from irsa_helpers.doctor.evidence import logs
from irsa_helpers.doctor.evidence.case import Case
from irsa_helpers.doctor.evidence.reading import CannotSeeError
from irsa_helpers.doctor.evidence.snapshot import Snapshot
from irsa_helpers.doctor.evidence.target import KINDS, Kind
from irsa_helpers.doctor.faults import Fault, Walked, faults, unseen
from irsa_helpers.doctor.overview import Overview, overview
from irsa_helpers.doctor.result import WIDTH, Link, indented
from irsa_helpers.doctor.walk import last_link, walk
from irsa_helpers.printing.markdown import cell

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

# Kind -> owners that are walked in its stead. A static Pod is a node's, and has no ServiceAccount.
KEEPERS = {
    "replicaset": {"Deployment"},
    "job": {"CronJob"},
    "pod": {"StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Node"},
}
LOGS_LEFT = "not read: there are more than {} workloads; name this one to have it read"


@dataclass(frozen=True)
class Survey:
    """What is wrong in a cluster, fault by fault, and who can become which role.

    `workloads` says how many chains were walked; `roles` leaves out what the faults tell.
    """

    workloads: int
    faults: tuple[Fault, ...]
    roles: Overview
    not_seen: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no link is broken or at risk, and no role leads nowhere or admits too many."""
        return not self.faults and self.roles.ok

    @property
    def unseen(self) -> tuple[str, ...]:
        """What could not be looked at, in sentences."""
        return (*self.not_seen, *self.roles.unseen)

    @property
    def summary(self) -> str:
        """One sentence: how many faults in how many workloads, and how much was seen."""
        if not self.workloads:
            return "no workload is to be seen"
        struck = {name for fault in self.faults for name in fault.workloads}
        every = _count(self.workloads, "workload")
        told = [f"{_count(len(self.faults), 'fault')} in {len(struck)} of {every}"]
        if not self.faults:
            told = [f"every link of {every} holds"]
            if self.unseen:
                told = [f"nothing broken among what could be seen of {every}"]
        if self.unseen:
            told.append(f"{_count(len(self.unseen), 'thing')} not seen")
        return "; ".join(told)

    def text(self, width: int = WIDTH) -> str:
        """The faults in full, then who can become what, for a terminal of that many columns."""
        parts = [self.summary, *(fault.text(width) for fault in self.faults)]
        parts.append(self.roles.text(width))
        if self.not_seen:
            parts.append("\n".join(indented("Not seen: ", told, width) for told in self.not_seen))
        return "\n\n".join(parts)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        parts = [f"**{cell(self.summary)}**", *(fault.markdown() for fault in self.faults)]
        parts.append(self.roles._repr_markdown_())
        if self.not_seen:
            rows = [f"- {cell(sentence)}" for sentence in self.not_seen]
            parts.append("\n".join(["**Not seen**", "", *rows]))
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The survey as JSON-able data; the members of the overview stand beside the faults."""
        roles = self.roles.to_dict() | {"ok": self.ok, "unseen": list(self.unseen)}
        told = [fault.to_dict() for fault in self.faults]
        return {"summary": self.summary, "workloads": self.workloads, "faults": told, **roles}


def _count(number: int, name: str) -> str:
    return f"{number} {name}" + "s" * (number != 1)


def survey(world: World, namespace: str = "") -> Survey:
    """Walk the chain of every workload of the cluster, or of one namespace.

    What is found in several workloads is told once. The world is read as a whole: how many calls
    that takes does not grow with workloads times roles. What is of an open lab is left out.
    """
    seen = cast("World", Snapshot(world, namespace))
    left_out, lacking = open_labs.open_labs(world), list[str]()

    def is_of_a_lab(name: str) -> bool:
        return any(lab.holds(name) for lab in left_out)

    cases = [case for case in _cases(seen, namespace, lacking) if not is_of_a_lab(case.namespace)]
    walked = [_walked(case, reads_log=len(cases) <= logs.MOST_WORKLOADS) for case in cases]
    roles = _roles(seen, namespace, lacking).without(is_of_a_lab)
    told = tuple(faults(walked))
    not_seen = [*lacking, *(fault.line() for fault in unseen(walked))]
    not_seen += [open_labs.LEFT_OUT.format(lab.namespace) for lab in left_out]
    return Survey(len(walked), told, _besides(roles, walked), tuple(not_seen))


def _walked(case: Case, *, reads_log: bool) -> Walked:
    links = walk(case)
    if reads_log:
        return Walked(case, (*links, last_link(case, links)))
    told = LOGS_LEFT.format(logs.MOST_WORKLOADS)
    return Walked(case, (*links, Link("app-log", "cannot-see", told)))


def _cases(world: World, namespace: str, lacking: list[str]) -> Iterator[Case]:
    """Each workload that no other one keeps up; what may not be listed is added to `lacking`."""
    for kind in KINDS:
        if kind.name == "serviceaccount":
            continue
        try:
            listed = _objects(world, kind)
        except CannotSeeError as error:
            lacking.append(error.message)
            continue
        for body in listed:
            if _is_its_own(kind, body) and namespace in {"", body["metadata"]["namespace"]}:
                metadata = body["metadata"]
                yield Case(world, f"{kind.name}/{metadata['name']}", metadata["namespace"])


def _objects(world: World, kind: Kind) -> list[dict[str, Any]]:
    assert isinstance(world, Snapshot)
    places = world.objects(kind.api, kind.plural).values()
    return [body for place in places for body in place.values()]


def _is_its_own(kind: Kind, body: dict[str, Any]) -> bool:
    """Whether nothing that is walked itself keeps the workload up.

    Pods of a controller that the doctor does not know are walked one by one.
    """
    owners = {owner["kind"] for owner in body["metadata"].get("ownerReferences") or []}
    return not owners & KEEPERS.get(kind.name, set())


def _roles(world: World, namespace: str, lacking: list[str]) -> Overview:
    """Who can become which role; nothing, with the reason in `lacking`, where that is not seen."""
    try:
        return overview(world).within(namespace)
    except CannotSeeError as error:
        lacking.append(error.message)
        return Overview((), (), ())


def _besides(roles: Overview, walked: list[Walked]) -> Overview:
    """The overview without what a fault of a workload tells already."""
    ill = [one for one in walked if one.problems]
    accounts = {one.account for one in ill}
    wide = {one.role_arn for one in ill if any(p.name == "trust-scope" for p in one.problems)}
    return replace(
        roles,
        refusals=tuple(
            r for r in roles.refusals if f"{r.namespace}/{r.service_account}" not in accounts
        ),
        wide=tuple(w for w in roles.wide if w.role_arn not in wide),
    )
