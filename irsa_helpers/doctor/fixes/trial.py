"""Each fix is tried on a copy of the world before it is shown; nothing is changed by that.

What changes the cluster is tried by the API server's dry run. What changes AWS is tried on what the
doctor has read: its own check is made again on the policies as they would be, and everybody else
must be answered as before.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from irsa_helpers.doctor.evidence.reading import CannotSeeError, SkipError
from irsa_helpers.doctor.fixes.access_kept import others_touched
from irsa_helpers.doctor.fixes.dry_run import refusal
from irsa_helpers.doctor.fixes.shell import commands, comment
from irsa_helpers.doctor.fixes.supposed import supposed
from irsa_helpers.doctor.result import PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from irsa_helpers.doctor.evidence.case import Case
    from irsa_helpers.doctor.result import Link

log = logging.getLogger("irsa-lab.doctor")


def tried(case: Case, link: Link, check: Callable[[Case], Link] | None = None) -> Link:
    """The link, its fix with a comment on what would not be taken, or would not mend it.

    `check` is what told of the link. A fix by which others would lose or gain is no command any
    more: it is told as a comment, with who they are.
    """
    lines = []
    for line in link.fix.splitlines():
        said = refusal(case.world, line)
        lines += [line, *([comment(said)] if said else [])]
    shown = replace(link, fix=commands(*lines)) if link.fix else link
    return _tried_on_aws(case, shown, check) if check and link.state in PROBLEMS else shown


def _tried_on_aws(case: Case, link: Link, check: Callable[[Case], Link]) -> Link:
    try:
        copy = supposed(case, link.fix)
        if copy is None:
            return link
        if touched := others_touched(case, copy, link.name, link.fix):
            told = comment(f"not as it stands, for by it {'; '.join(touched)}:\n{link.fix}")
            return replace(link, fix=told)
        still = check(copy)
    except (CannotSeeError, SkipError):
        return link
    except Exception as error:
        log.debug("the fix of %s could not be tried", link.name, exc_info=True)
        told = comment(f"could not be tried: {type(error).__name__}: {error}")
        return replace(link, fix=commands(link.fix, told))
    if still.state not in PROBLEMS:
        return link
    return replace(link, fix=commands(link.fix, comment(f"then still: {still.found}")))
