"""Who became which role, and what was then called: CloudTrail's questions.

In the sandbox the answers come from its trace at once; in a real account from CloudTrail's event
history, some minutes late and without data events such as `s3:GetObject`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.policy.recorded import Call, calls_of, least_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.worlds import World

__all__ = ["Assumption", "Call", "assumptions", "least_policy", "recorded_calls"]

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
    return calls_of(world.trace(since=since), role)
