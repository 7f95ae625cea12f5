"""Who became which role, and what was then called: CloudTrail's questions.

In the sandbox the answers come from its trace at once; in a real account from CloudTrail's event
history, some minutes late and without data events such as `s3:GetObject`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.worlds import World

EVENT = "AssumeRoleWithWebIdentity"
# Hops before the session: a denied one of these is a refused handshake.
HANDSHAKE = {"assume-role", "provider", "jwks", "token-check", "trust-policy"}


@dataclass(frozen=True)
class Assumption:
    """One attempt to become a role."""

    time: str
    who: str
    role: str
    via: str
    granted: bool

    def __str__(self) -> str:
        verb = "became" if self.granted else "was refused"
        return f"{self.time[11:19]}  {self.who} {verb} {self.role} ({self.via})"


@dataclass(frozen=True)
class Call:
    """One call of an AWS service, as the permission policies saw it."""

    action: str
    resource: str
    allowed: bool
    caller: str

    def __str__(self) -> str:
        return f"{'allowed' if self.allowed else 'DENIED '}  {self.action:<28} {self.resource}"


def assumptions(world: World, since: int = 0) -> list[Assumption]:
    """Who became a role or was refused, oldest first; in the sandbox after hop number `since`."""
    if world.name == "aws":
        return list(_from_cloudtrail(world))
    return [assumption for hop in world.trace(since=since) for assumption in _from_hop(hop)]


def _from_hop(hop: dict[str, Any]) -> Iterator[Assumption]:
    granted = hop["kind"] == "session"
    if not granted and not (hop["kind"] in HANDSHAKE and hop["outcome"] == "denied"):
        return
    detail = hop["detail"]
    account = detail.get("service_account")
    who = f"{detail.get('namespace')}/{account}" if account else detail.get("caller_arn", "")
    via = "AssumeRole" if not account else "IRSA"
    if "EKS Auth" in (hop["source"], hop["target"]):
        via = "EKS Pod Identity"
    role = str(detail.get("role_arn", "")).rpartition("/")[2]
    yield Assumption(hop["at"], who or hop["target"], role, via, granted)


def _from_cloudtrail(world: World) -> Iterator[Assumption]:
    """Source: IAM User Guide, "Logging IAM and AWS STS API calls with AWS CloudTrail"."""
    wanted = [{"AttributeKey": "EventName", "AttributeValue": EVENT}]
    events = world.aws("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    for event in reversed(events):
        record = json.loads(event["CloudTrailEvent"])
        yield Assumption(
            record["eventTime"],
            record["userIdentity"].get("userName", "").removeprefix("system:serviceaccount:"),
            str((record.get("requestParameters") or {}).get("roleArn", "")).rpartition("/")[2],
            "IRSA",
            "errorCode" not in record,
        )


def recorded_calls(world: World, role: str, since: int = 0) -> list[Call]:
    """What sessions of the role called, oldest first, each call once.

    Raises IrsaLabError in a real account, where `World.trace` is not available.
    """
    calls = []
    for hop in world.trace(since=since):
        detail = hop["detail"]
        if hop["kind"] != "aws-call" or not detail.get("role_arn", "").endswith(f"/{role}"):
            continue
        allowed = hop["outcome"] == "ok"
        calls.append(Call(detail["action"], detail["resource"], allowed, detail["caller_arn"]))
    return list({(c.action, c.resource, c.allowed): c for c in calls}.values())


def least_policy(calls: Iterable[Call]) -> dict[str, Any]:
    """The permission policy that allows these calls and no other, a statement for each resource.

    It names what was seen: whether the app reads other objects tomorrow is for you to know.
    """
    actions: dict[str, set[str]] = {}
    for call in calls:
        actions.setdefault(call.resource, set()).add(call.action)
    statements = [
        {"Effect": "Allow", "Action": sorted(called), "Resource": resource}
        for resource, called in actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}
