"""Notebook 07: whom tenants' policies let in, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import foreseen
from irsa_course.exercises.permission_answers import Call, judge_permissions, resources
from irsa_course.exercises.trust_answers import judge_web_identity, token
from irsa_course.exercises.words import find_words
from irsa_helpers import course, oidc
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy.trust_rules import condition_prefix
from irsa_helpers.trust import build_trust_policy

if TYPE_CHECKING:
    from irsa_course.exercises.judging import Judgement
    from irsa_helpers.policy import Policy
    from irsa_helpers.worlds import World

TAG = "${aws:PrincipalTag/kubernetes-"


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    provider = oidc.provider_arn(world)
    issuer = condition_prefix(provider)
    right = build_trust_policy(provider, "team-blue", "app")
    right_aud = {f"{issuer}:aud": oidc.AUDIENCE}
    anybody = {f"{issuer}:sub": "system:serviceaccount:team-*:app"}
    condition = {"StringEquals": right_aud, "StringLike": anybody}
    wide = {**right, "Statement": [right["Statement"][0] | {"Condition": condition}]}
    made = {"right": right, "right_aud": right_aud, "wide": wide}
    return {"bucket": course.bucket_name(world), "issuer": issuer, **made}


def foresee(world: World, answer: Any) -> Judgement:
    """The answer says of each ServiceAccount whether the wide policy admits it."""
    provider, wide = oidc.provider_arn(world), names(world)["wide"]

    def admitted(name: str) -> bool:
        asking = token(provider, *name.split("/"), welcome=True)
        request = Request(provider, asking.action, "arn:aws:iam::1:role/blue", asking.context)
        return evaluate(request, resource_policy=wide).allowed

    return foreseen(answer, {name: admitted(name) for name in find_words("07-foresee").asked})


def close(world: World, policy: Any) -> Judgement:
    """Blue's role admits team-blue/app, for STS, and nobody else."""
    provider = oidc.provider_arn(world)
    callers = (
        token(provider, "team-blue", "app", welcome=True),
        token(provider, "team-blue", "app", welcome=False, audience="vault"),
        token(provider, "team-green", "app", welcome=False),
        token(provider, "team-blue-made-tomorrow", "app", welcome=False),
        token(provider, "team-blue", "made-tomorrow", welcome=False),
    )
    return judge_web_identity(world, policy, callers)


def tenant(world: World, policy: Any) -> Judgement:
    """Each ServiceAccount writes into the folder of its namespace and its name alone."""
    bucket = f"arn:aws:s3:::{course.bucket_name(world)}"

    def put(who: str, where: str, welcome: bool) -> Call:
        namespace, _, account = who.partition("/")
        tags = {
            "aws:PrincipalTag/kubernetes-namespace": namespace,
            "aws:PrincipalTag/kubernetes-service-account": account,
        }
        context = tags if account else {}
        return Call("s3:PutObject", f"{bucket}/{where}", welcome, context, f"{who} puts {where}")

    calls = (
        put("team-blue/app", "team-blue/app/plan.txt", True),
        put("team-green/batch", "team-green/batch/plan.txt", True),
        put("team-green/app", "team-blue/app/plan.txt", False),
        put("team-blue/batch", "team-blue/app/plan.txt", False),
        put("team-blue/app", "team-blue/plan.txt", False),
        put("a session without tags", "team-blue/app/plan.txt", False),
    )

    def named(policy: Policy) -> str:
        return " ".join(resources(policy))

    slips = {
        "old-version": lambda policy: policy.version != "2012-10-17" and "${" in named(policy),
        "request-tag": lambda policy: "${aws:RequestTag" in named(policy),
        "no-dollar": lambda policy: "{aws:" in named(policy).replace("${", ""),
        "written-out": lambda policy: "team-" in named(policy),
        "only-namespace": lambda policy: (
            f"{TAG}service-account" not in named(policy) and f"{TAG}namespace" in named(policy)
        ),
        "only-account": lambda policy: (
            f"{TAG}service-account" in named(policy) and f"{TAG}namespace" not in named(policy)
        ),
        "no-tag": lambda policy: "${" not in named(policy),
        "unknown-tag": lambda policy: TAG not in named(policy),
    }
    return judge_permissions(world, policy, calls, own=slips)
