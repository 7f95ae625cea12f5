"""Profiles of mounted AWS files, and the chains of roles that they make.

Source: AWS SDKs and Tools Reference Guide, "Assume role credential provider"; botocore.credentials.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.cluster import token_source
from irsa_helpers.doctor.evidence.environment import variables
from irsa_helpers.doctor.evidence.mounted import mounted_file
from irsa_helpers.doctor.evidence.reading import CannotSeeError, UnseenError, read_aws
from irsa_helpers.doctor.fixes.shell import comment
from irsa_helpers.doctor.links.pod import containers_of, left_out
from irsa_helpers.doctor.result import Link, broken, ok, risk
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.ground import arns
from irsa_helpers.policy import Request, evaluate, explain
from irsa_helpers.policy.admission import admission, of_every_call

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

# Variable -> where the SDKs look without it.
FILES = {
    "AWS_CONFIG_FILE": "/root/.aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/root/.aws/credentials",
}
# In the order in which botocore asks for them: botocore.session.Session.SESSION_VARIABLES.
CHOICES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
KEYS = ("aws_access_key_id", "aws_secret_access_key")
ASSUME = "sts:AssumeRole"


@dataclass(frozen=True)
class Profiles:
    """The profiles that a container's SDK finds, and the one that its environment chooses."""

    container: dict[str, Any]
    found: dict[str, dict[str, str]]
    chosen: str

    @property
    def has_keys(self) -> bool:
        """Whether the profile that is in use has a pair of keys."""
        in_use = self.found.get(self.chosen or "default", {})
        return all(in_use.get(name) for name in KEYS)

    def where(self, name: str) -> str:
        """Which profile of which container, in words."""
        return f"container {self.container['name']}, profile {name}"


def profiles(case: Case) -> Link:
    """The profiles of mounted AWS files lead where they say, and the chosen one is there."""
    try:
        seen = list(_all(case))
    except configparser.Error as error:
        return _not_read(case, error)
    if not seen:
        return ok("no AWS file is mounted")
    faults = [(files, name, text) for files in seen for name, text in _faults(case, files)]
    if faults:
        return _told(case, faults)
    keyed = [files for files in seen if files.has_keys]
    if keyed and case.wants_role:
        return _with_keys(case, keyed)
    names = dict.fromkeys(name for files in seen for name in files.found)
    return ok(f"profiles {', '.join(names)}: each leads to its role" if names else "no profile")


def _told(case: Case, faults: list[tuple[Profiles, str, str]]) -> Link:
    tell = broken if any(name == files.chosen for files, name, _ in faults) else risk
    return tell(
        "\n".join(f"{files.where(name)}: {text}" for files, name, text in faults),
        expected="profiles whose sources are there, and roles that admit one another",
        error="The config profile (…) could not be found, InvalidConfigError, or AccessDenied: … "
        "not authorized to perform: sts:AssumeRole",
        fix=comment(
            "correct the profile in its ConfigMap or Secret, or the policies that are named "
            f"above; then give {case.owner or 'it'} new Pods: files are read when an app starts"
        ),
    )


def _not_read(case: Case, error: configparser.Error) -> Link:
    """A file that is no AWS file: the SDKs read it before all else, and stop."""
    return broken(
        f"a mounted AWS file cannot be read: {error.message}",
        expected="sections as in [default] or [profile NAME], and in them NAME = VALUE",
        error="botocore.exceptions.ConfigParseError: Unable to parse config file",
        fix=comment(
            f"correct the file in its ConfigMap or Secret; then give {case.owner or 'it'} new Pods"
        ),
    )


def _with_keys(case: Case, keyed: list[Profiles]) -> Link:
    """Keys in a file: not all SDKs take the token before them.

    Source: botocore.credentials; the credential-provider-node package of the SDK for JavaScript.
    """
    return risk(
        "; ".join(f"{files.where(files.chosen or 'default')} has keys" for files in keyed),
        expected="no keys in mounted AWS files, beside a role",
        error="none with botocore and Java, which take the token first; the SDK for JavaScript "
        "takes the keys, and the app acts as their owner",
        fix=comment(
            "take the keys out of the ConfigMap or Secret if nobody else needs them, or mount "
            f"another file into {case.owner or 'the Pod'}"
        ),
    )


def _all(case: Case) -> Iterator[Profiles]:
    """What each container finds that has an AWS file from a ConfigMap or a Secret."""
    spec = _spec(case)
    for container in containers_of(spec):
        if container["name"] in left_out(case):
            continue
        stated = {
            name: variable.value or "" for name, variable in variables(case, container).items()
        }
        texts = {
            variable: mounted_file(case, spec, container, stated.get(variable) or usual)
            for variable, usual in FILES.items()
        }
        chosen = next((stated[name] for name in CHOICES if stated.get(name)), "")
        named = [variable for variable in FILES if stated.get(variable)]
        if chosen and named and all(texts[variable] is None for variable in named):
            raise UnseenError(f"the image's file {stated[named[0]]}, for the profile {chosen}")
        if any(text is not None for text in texts.values()):
            yield Profiles(container, _read(texts), chosen)


def _spec(case: Case) -> dict[str, Any]:
    """The newest Pod's spec, else the template's."""
    return dict(case.pod["spec"]) if case.pods else dict(case.pod_spec)


def _read(texts: dict[str, str | None]) -> dict[str, dict[str, str]]:
    """The profiles of both files, joined; `[profile x]` in one is `[x]` in the other."""
    by_name: dict[str, dict[str, str]] = {}
    for text in texts.values():
        parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
        parser.read_string(text or "")
        for section in parser.sections():
            if not section.startswith(("sso-session ", "services ")):
                name = section.removeprefix("profile ").strip()
                by_name.setdefault(name, {}).update(parser.items(section))
    return by_name


def _faults(case: Case, seen: Profiles) -> Iterator[tuple[str, str]]:
    """(profile, what is wrong with it)."""
    if seen.chosen and seen.chosen not in seen.found:
        yield seen.chosen, f"it is not there; there are {', '.join(seen.found) or 'none'}"
    for name in seen.found:
        try:
            _role_of(case, seen, name, ())
        except _FaultError as fault:
            yield name, str(fault)


class _FaultError(Exception):
    """Why a profile gives no credentials."""


def _role_of(case: Case, seen: Profiles, name: str, passed: tuple[str, ...]) -> str:
    """The ARN of the role that a profile leads to; empty where it leads to none of its own.

    Raises _FaultError where the SDK stops.
    """
    if name not in seen.found:
        raise _FaultError(f"its source_profile {name} is not there")
    if name in passed:
        raise _FaultError(f"its source_profile leads back to {name}")
    profile = seen.found[name]
    target, source = profile.get("role_arn", ""), profile.get("source_profile", "")
    if not target:
        if passed and "aws_access_key_id" not in profile:
            raise _FaultError(f"its source_profile {name} has no credentials: no role_arn, no keys")
        return ""
    if "web_identity_token_file" in profile:
        return _by_token(case, seen, profile)
    if source:
        base = "" if source == name else _role_of(case, seen, source, (*passed, name))
        return _assumed(case, base, target, profile) if base else target
    if profile.get("credential_source") == "Environment":
        raise _FaultError("credential_source = Environment means keys, and there are none")
    if "credential_source" not in profile:
        raise _FaultError("it has a role_arn, but no source_profile and no token file")
    return target


def _by_token(case: Case, seen: Profiles, profile: dict[str, str]) -> str:
    path, target = profile["web_identity_token_file"], profile["role_arn"]
    sources = {v["name"]: token_source(v) for v in _spec(case).get("volumes") or []}
    files = {
        f"{mount['mountPath'].rstrip('/')}/{source['path']}"
        for mount in seen.container.get("volumeMounts") or []
        if (source := sources.get(mount["name"]))
    }
    if path not in files:
        raise _FaultError(f"no token is mounted at {path}")
    role = _role(case, target)
    decision = admission(role, case.intended_token)
    if not decision.allowed:
        raise _FaultError(f"{target} does not admit {case.subject}: {explain(decision)}")
    return target


def _assumed(case: Case, base: str, target: str, profile: dict[str, str]) -> str:
    """The next role of a chain, where its trust policy and the role before let that happen."""
    role, before = _role(case, target), arns.Arn.parse(base)
    session = profile.get("role_session_name", "botocore-session-1")
    name = base.rpartition("/")[2]
    request = Request(
        f"arn:{before.partition}:sts::{before.account_id}:assumed-role/{name}/botocore-session-1",
        ASSUME,
        target,
        {
            **of_every_call(case.world.region),
            "aws:PrincipalArn": base,
            "aws:PrincipalAccount": before.account_id,
            "sts:RoleSessionName": session,
            **({"sts:ExternalId": profile["external_id"]} if "external_id" in profile else {}),
        },
    )
    decision = evaluate(
        request,
        identity_policies=case.policies_of(name),
        resource_policy=role["AssumeRolePolicyDocument"],
    )
    if not decision.allowed:
        raise _FaultError(f"{base} may not assume {target}: {explain(decision)}")
    return target


def _role(case: Case, arn: str) -> dict[str, Any]:
    try:
        parts = arns.Arn.parse(arn)
    except IrsaLabError as error:
        raise _FaultError(f"{arn!r} is no role's ARN") from error
    if parts.account_id != case.own_account:
        raise CannotSeeError(f"iam:GetRole in account {parts.account_id}, for {arn}")
    get = case.world.aws("iam").get_role
    answer = read_aws("iam:GetRole", get, RoleName=parts.resource.rpartition("/")[2])
    if not answer or answer["Role"]["Arn"] != arn:
        raise _FaultError(f"there is no role {arn}")
    return dict(answer["Role"])
