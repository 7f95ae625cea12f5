"""The doctor: walks the chain of a workload link by link, and names the one that is broken.

It works with your own rights, in any world, and changes nothing: it reads, tries its fixes with the
API server's dry run, and where it may not read a role it asks STS for a session as the
ServiceAccount would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from irsa_helpers.doctor import open_labs
from irsa_helpers.doctor.evidence.case import Case
from irsa_helpers.doctor.fixes import trial
from irsa_helpers.doctor.overview import Overview, overview
from irsa_helpers.doctor.result import Diagnosis, Link
from irsa_helpers.doctor.survey import Survey, survey
from irsa_helpers.doctor.walk import LINKS, last_link, walk

if TYPE_CHECKING:
    from irsa_helpers.worlds import World

__all__ = ["LINKS", "Diagnosis", "Link", "Overview", "Survey", "doctor", "overview", "survey"]


def doctor(world: World, target: str, *, namespace: str = "default") -> Diagnosis:
    """Walk the chain from a workload to its permissions, and say of each link whether it holds.

    `target` is `deployment/NAME`, `pod/NAME`, `sa/NAME` or another workload; a bare name is a
    Deployment's. Print the result, or take `.problems`, `["trust-policy"]` or `.to_dict()`.
    """
    case = Case(world, target, namespace)
    links = [trial.tried(case, link, LINKS[link.name]) for link in walk(case)]
    links.append(trial.tried(case.acting, last_link(case, links)))
    note = open_labs.counted(world, namespace)
    return Diagnosis(f"{case.kind.name}/{case.name}", namespace, tuple(links), note)
