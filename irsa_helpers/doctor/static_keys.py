"""What an SDK takes before it takes the token: keys and profiles in a container's environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.fixes import commands, restart_command, unset_command
from irsa_helpers.doctor.pod import containers_of, environment_of
from irsa_helpers.doctor.result import Link, broken, ok

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.doctor.case import Case

KEYS = "keys in the environment come first"
PROFILE = "the SDK uses that profile, or fails where it is not there"
# What botocore looks at before it looks at the token. Source: botocore.credentials.
EARLIER = {
    "AWS_ACCESS_KEY_ID": KEYS,
    "AWS_SECRET_ACCESS_KEY": KEYS,
    "AWS_PROFILE": PROFILE,
    "AWS_DEFAULT_PROFILE": PROFILE,
}
# With one of these a profile has a file of its own, whose content cannot be seen from here.
FILES = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
SOURCES = {"configMapRef": "configmap", "secretRef": "secret"}


@dataclass(frozen=True)
class Setting:
    """A variable of a container; `source` is e.g. `configmap/settings`, empty for its own `env`."""

    container: str
    name: str
    source: str = ""
    key: str = ""

    def __str__(self) -> str:
        origin = f" from {self.source}" if self.source else ""
        return f"container {self.container} has {self.name}{origin} ({EARLIER[self.name]})"


def static_credentials(case: Case) -> Link:
    """Nothing that the SDK looks at earlier hides the token."""
    found = [s for each in containers_of(case.pod_spec) for s in _hiding(case, each)]
    if not found:
        return ok("no keys and no profile in the environment")
    errors = []
    if any(EARLIER[setting.name] == KEYS for setting in found):
        errors.append("InvalidClientTokenId, S3's InvalidAccessKeyId, or AccessDenied for another")
    if any(EARLIER[setting.name] == PROFILE for setting in found):
        errors.append("The config profile (…) could not be found")
    return broken(
        "\n".join(map(str, found)),
        expected="no AWS keys and no AWS_PROFILE: the SDK would use them before the token",
        error="; ".join(errors),
        fix=_take_out(case, found),
    )


def _hiding(case: Case, container: dict[str, Any]) -> Iterator[Setting]:
    own = environment_of(container)
    settings = [Setting(container["name"], name) for name in own]
    settings += [s for s in _from_sources(case, container) if s.name not in own]
    has_file = any(setting.name in FILES for setting in settings)
    for setting in settings:
        hides = EARLIER.get(setting.name)
        if hides == KEYS or (hides == PROFILE and not has_file):
            yield setting


def _from_sources(case: Case, container: dict[str, Any]) -> Iterator[Setting]:
    """The variables that ConfigMaps and Secrets bring in through `envFrom`."""
    for source in container.get("envFrom", []):
        for kind in SOURCES.keys() & source.keys():
            name, prefix = source[kind]["name"], source.get("prefix", "")
            for key in case.keys_of(kind, name):
                yield Setting(container["name"], prefix + key, f"{SOURCES[kind]}/{name}", key)


def _take_out(case: Case, found: list[Setting]) -> str:
    """The variables out of the template; the keys out of what `envFrom` names, then new Pods."""
    own = dict.fromkeys(setting.name for setting in found if not setting.source)
    keys: dict[str, dict[str, None]] = {}
    for setting in found:
        if setting.source:
            keys.setdefault(setting.source, {})[setting.key] = None
    patches = [
        f"kubectl patch {source.replace('/', ' ')} -n {case.namespace} --type merge "
        f"-p '{json.dumps({'data': gone})}'"
        for source, gone in keys.items()
    ]
    return commands(
        unset_command(case, own) if own else "",
        *patches,
        restart_command(case) if patches else "",
    )
