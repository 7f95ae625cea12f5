"""The keys of KMS that the role's buckets are encrypted with: two policies must let it use one.

Source: S3 User Guide, "Using server-side encryption with AWS KMS keys", "Permissions"; AWS KMS
Developer Guide, "Key policies in AWS KMS".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers.doctor.evidence.reading import SkipError, read_aws
from irsa_helpers.doctor.fixes.shell import commands, comment, permission_command
from irsa_helpers.doctor.links.permissions import as_far_as_seen, as_meant, judge_use
from irsa_helpers.doctor.result import Link, broken, ok
from irsa_helpers.ground import arns
from irsa_helpers.policy import Decision, explain
from irsa_helpers.policy import permissions as policies
from irsa_helpers.policy.evaluate import NOT_IN_KEY_POLICY
from irsa_helpers.policy.lists import statements
from irsa_helpers.policy.permissions import Use

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case
    from irsa_helpers.policy.unseen import Judgement

# What using a bucket takes of its key.
TAKES = {"s3:getobject": "kms:Decrypt", "s3:putobject": "kms:GenerateDataKey"}
MANAGED = "alias/aws/s3"
POLICY = "use-key"
USABLE = "Enabled"


@dataclass(frozen=True, eq=False)
class Key:
    """A key, where it is used, what for, and its state and policy as they were read."""

    bucket: str
    arn: str
    state: str
    policy: dict[str, Any]
    uses: tuple[Use, ...]


def encryption_keys(case: Case) -> Link:
    """The role may use the keys of KMS that its buckets are encrypted with."""
    documents = as_meant(case)
    named = policies.buckets(documents)
    if not named:
        raise SkipError("the role's policies name no bucket")
    keys = [key for bucket in named for key in _keys_of(case, bucket, documents)]
    if not keys:
        return ok(f"no key of yours is asked for on {', '.join(named)}")
    if off := [key for key in keys if key.state != USABLE]:
        return _switched_off(off)
    judged = {
        (key, use): judge_use(case, use, documents, key.policy) for key in keys for use in key.uses
    }
    return _told(case, judged)


def _told(case: Case, judged: dict[tuple[Key, Use], Judgement]) -> Link:
    lost = {at: it.decision for at, it in judged.items() if not it.decision.allowed}
    if not lost:
        return as_far_as_seen(judged.values(), "the keys of its buckets may be used")
    lines = [
        f"{use.action} on {key.arn}, the key of {key.bucket}: {explain(decision)}"
        for (key, use), decision in lost.items()
    ]
    [decision, *_] = lost.values()
    side = "resource-based" if decision.reason == NOT_IN_KEY_POLICY else "identity-based"
    return broken(
        "\n".join(lines),
        expected="the key's policy lets the role use it, or leaves that to IAM, and then a policy "
        "of the role allows it",
        error=f"AccessDenied … is not authorized to perform: kms:Decrypt … because no {side} "
        "policy allows the kms:Decrypt action",
        fix=_fix(case, lost),
    )


def _keys_of(case: Case, bucket: str, documents: list[dict[str, Any]]) -> Iterator[Key]:
    """The customer's key of a bucket, where it has one and the role has to do with its objects."""
    named = _default_key(case, bucket)
    allowed = {use.action.lower() for use in policies.uses(documents) if use.is_on(bucket)}
    actions = [taken for action, taken in TAKES.items() if action in allowed]
    if not named or named.endswith(MANAGED) or not actions:
        return
    region = arns.Arn.parse(named).region if named.startswith("arn:") else None
    kms = case.world.aws("kms", region=region)
    described = read_aws("kms:DescribeKey", kms.describe_key, KeyId=named)
    if described is None:
        yield Key(bucket, named, "not there", {}, ())
        return
    arn, state = described["KeyMetadata"]["Arn"], described["KeyMetadata"]["KeyState"]
    answer = read_aws("kms:GetKeyPolicy", kms.get_key_policy, KeyId=arn, PolicyName="default") or {}
    uses = tuple(Use(action, arn) for action in actions)
    yield Key(bucket, arn, state, json.loads(answer["Policy"]), uses)


def _default_key(case: Case, bucket: str) -> str:
    """The key that the bucket's encryption names; empty where it names none."""
    get = case.world.aws("s3").get_bucket_encryption
    answer = read_aws("s3:GetEncryptionConfiguration", get, Bucket=bucket) or {}
    for rule in answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", ()):
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        if default.get("SSEAlgorithm", "").startswith("aws:kms"):
            return str(default.get("KMSMasterKeyID", ""))
    return ""


def _switched_off(keys: list[Key]) -> Link:
    return broken(
        "\n".join(f"{key.arn}, the key of {key.bucket}: {key.state}" for key in keys),
        expected="a key that is enabled: nothing else opens what it has closed",
        error="KMS.DisabledException or KMS.KMSInvalidStateException, for everybody",
        fix=commands(*(_switch_on(key) for key in keys)),
    )


def _switch_on(key: Key) -> str:
    enable = f"aws kms enable-key --key-id {key.arn}"
    if key.state == "Disabled":
        return enable
    if key.state == "PendingDeletion":
        return commands(f"aws kms cancel-key-deletion --key-id {key.arn}", enable)
    return comment(f"the key of {key.bucket} is {key.state}: whoever keeps it must tell why")


def _fix(case: Case, lost: dict[tuple[Key, Use], Decision]) -> str:
    """What lets the role use each key: on the side that is missing, and nothing more."""
    by_key: dict[str, tuple[Key, list[Decision], list[str]]] = {}
    for (key, use), decision in lost.items():
        _, decisions, actions = by_key.setdefault(key.arn, (key, [], []))
        decisions.append(decision)
        actions.append(use.action)
    return commands(*(_let_use(case, *of_key) for of_key in by_key.values()))


def _let_use(case: Case, key: Key, decisions: list[Decision], actions: list[str]) -> str:
    if any(decision.effect == "ExplicitlyDenied" for decision in decisions):
        return comment(
            f"a Deny that is named above hits {case.role_name}: whoever keeps it decides"
        )
    if any(decision.reason == NOT_IN_KEY_POLICY for decision in decisions):
        return _key_policy_command(case, key, actions)
    statement = {"Effect": "Allow", "Action": actions, "Resource": key.arn}
    name = POLICY if POLICY not in case.policies else f"{POLICY}-{key.bucket}"
    return permission_command(case, name, {"Version": "2012-10-17", "Statement": [statement]})


def _key_policy_command(case: Case, key: Key, actions: list[str]) -> str:
    """The key's policy as it is, and one statement more that lets this role in."""
    own = {
        "Sid": "UseByRole",
        "Effect": "Allow",
        "Principal": {"AWS": case.role["Arn"]},
        "Action": actions,
        "Resource": "*",
    }
    policy = {**key.policy, "Statement": [*statements(key.policy), own]}
    return (
        f"aws kms put-key-policy --key-id {key.arn} --policy-name default "
        f"--policy '{json.dumps(policy)}'"
    )
