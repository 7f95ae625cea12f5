"""What an SDK takes before it takes the token: keys and profiles in a container's environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.environment import Variable, variables
from irsa_helpers.doctor.evidence.reading import UnseenError
from irsa_helpers.doctor.fixes.shell import (
    commands,
    comment,
    empty_command,
    restart_command,
    unset_command,
)
from irsa_helpers.doctor.links.pod import containers_of, left_out
from irsa_helpers.doctor.links.workload import no_role_is_wanted
from irsa_helpers.doctor.result import Link, broken, ok

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

PAIR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
KEYS = "keys in the environment come first"
# Half a pair. Source: botocore.credentials.EnvProvider; the Go, Java and JavaScript SDKs want both.
HALF = "botocore stops at half a pair; the SDKs for Go, Java and JavaScript pass it over"
PROFILE = "the SDK uses that profile, or fails where it is not there"
# Source: botocore.session; seen with 1.43: a profile without a name is one that is not there.
NAMELESS = "botocore looks for a profile without a name; the other SDKs pass it over"
# With one of these a profile has a file of its own: the link `profiles` reads it.
FILES = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
ERRORS = {
    KEYS: "InvalidClientTokenId, S3's InvalidAccessKeyId, or AccessDenied for another",
    HALF: "PartialCredentialsError: Partial credentials found in env",
    PROFILE: "The config profile (…) could not be found",
    NAMELESS: "The config profile () could not be found",
}


def static_credentials(case: Case) -> Link:
    """Nothing that the SDK looks at earlier hides the token."""
    no_role_is_wanted(case)
    aside = left_out(case)
    containers = [
        container for container in containers_of(case.pod_spec) if container["name"] not in aside
    ]
    hiding = [hidden for container in containers for hidden in _hiding(case, container)]
    if not hiding:
        return ok("no keys and no profile in the environment")
    hidden = [variable for variable, _ in hiding if variable.value is None]
    if len(hidden) == len(hiding):
        raise UnseenError(f"{hidden[0].name}: {hidden[0].unseen}")
    reasons = dict.fromkeys(reason for _, reason in hiding)
    return broken(
        "\n".join(_told(variable, reason) for variable, reason in hiding),
        expected="no AWS keys and no AWS_PROFILE: the SDK would use them before the token",
        error="; ".join(ERRORS[reason] for reason in reasons),
        fix=_take_out(case, [variable for variable, _ in hiding]),
    )


def _told(variable: Variable, reason: str) -> str:
    place = variable.source or variable.key.partition(":")[0]
    origin = f" from {place}" if place else ""
    return f"container {variable.container} has {variable.name}{origin} ({reason})"


def _hiding(case: Case, container: dict[str, Any]) -> Iterator[tuple[Variable, str]]:
    """Each variable that comes before the token, and how."""
    stated = variables(case, container)
    keys = [stated[name] for name in PAIR if name in stated and stated[name].is_set]
    if len(keys) == len(PAIR):
        yield from ((variable, KEYS) for variable in keys)
    elif keys and keys[0].name == PAIR[0]:
        yield keys[0], HALF
    if not FILES & stated.keys():
        for name in (name for name in PROFILES if name in stated):
            yield stated[name], PROFILE if stated[name].is_set else NAMELESS


def _take_out(case: Case, hiding: list[Variable]) -> str:
    """The variables out of their own container; what `envFrom` brings in, made empty there."""
    own: dict[str, list[str]] = {}
    emptied: dict[str, list[str]] = {}
    profiles: dict[str, dict[str, None]] = {}
    for variable in hiding:
        if not variable.source:
            own.setdefault(variable.container, []).append(variable.name)
        elif variable.name in PAIR:
            emptied.setdefault(variable.container, []).append(variable.name)
        else:
            profiles.setdefault(variable.source, {})[variable.key] = None
    return commands(
        *(unset_command(case, names, container) for container, names in own.items()),
        *(empty_command(case, names, container) for container, names in emptied.items()),
        *(_out_of_source(case, source, keys) for source, keys in profiles.items()),
        restart_command(case) if profiles else "",
    )


def _out_of_source(case: Case, source: str, keys: dict[str, None]) -> str:
    """A profile cannot be made empty: its key goes, if the ConfigMap or Secret is nobody else's."""
    command = (
        f"kubectl patch {source.replace('/', ' ')} -n {case.namespace} --type merge "
        f"-p '{json.dumps({'data': keys})}'"
    )
    others = case.others_with(*source.split("/"))
    if not others:
        return command
    told = f"{', '.join(others)} reads {source} too; if none of them needs it:\n{command}"
    return comment(told)
