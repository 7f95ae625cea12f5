"""Notebook 05: what a token must say, where a refusal comes from, which secrets may be read."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import Case, Judgement, SlipError, foreseen, judged
from irsa_course.exercises.permission_answers import Call, judge_permissions, resources
from irsa_helpers import oidc
from irsa_helpers.course import SECRET
from irsa_helpers.ground import arns
from irsa_helpers.policy import Request, evaluate
from irsa_helpers.policy.trust_rules import SUBJECT, WEB_IDENTITY, subject
from irsa_helpers.tokens import decode_unverified
from irsa_helpers.trust import build_trust_policy

if TYPE_CHECKING:
    from irsa_helpers.policy import Policy
    from irsa_helpers.worlds import World

# What stands in an error, and what is to be looked at then.
PLACES = {
    "No OpenIDConnect provider found in your account": "provider",
    "Not authorized to perform sts:AssumeRoleWithWebIdentity": "trust policy",
    "enginrect-irsa-role/… is not authorized to perform: s3:PutObject": "permission policy",
    "node-role/… is not authorized to perform: s3:GetObject": "annotation",
}


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made; the token is not signed."""
    claims = {
        "iss": oidc.issuer_url(world),
        "sub": subject("default", "enginrect-sa"),
        "aud": [oidc.AUDIENCE],
    }
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({}, claims))
    return {
        "token": b".".join([*parts, b""]).decode().replace("=", ""),
        "decode_unverified": decode_unverified,
        "secret": f"{_secrets(world)}{SECRET}-a1B2c3",
    }


def claims(world: World, answer: Any) -> Judgement:
    """A token with these claims opens a role that trusts analytics/reports-sa of this cluster."""
    if not isinstance(answer, dict) or set(answer) != {"iss", "sub", "aud"}:
        raise SlipError("not-the-three")
    said = {key: _first(value) for key, value in answer.items()}
    provider = arns.provider_arn(said["iss"], world.cluster.account_id)
    issuer = arns.issuer_host_path(said["iss"])
    request = Request(
        provider,
        WEB_IDENTITY,
        "arn:aws:iam::111122223333:role/reports",
        {f"{issuer}:sub": said["sub"], f"{issuer}:aud": said["aud"]},
    )
    own = oidc.provider_arn(world)
    decision = evaluate(request, resource_policy=build_trust_policy(own, "analytics", "reports-sa"))
    known = said["iss"] == oidc.issuer_url(world)
    cases = [
        Case("iss is an issuer that IAM knows", "yes", "yes" if known else f"no: {said['iss']}"),
        Case("the trust policy", "gets in", "gets in" if decision.allowed else "stays out"),
    ]
    slips = {
        "issuer-arn": said["iss"].startswith("arn:"),
        "issuer-without-scheme": f"https://{said['iss']}" == oidc.issuer_url(world),
        "another-issuer": not known,
        "swapped": said["aud"].startswith(SUBJECT),
        "slash-for-colon": "/" in said["sub"],
        "no-prefix": not said["sub"].startswith(SUBJECT),
        "turned-round": said["sub"] == subject("reports-sa", "analytics"),
        "another-subject": said["sub"] != subject("analytics", "reports-sa"),
        "audience-url": said["aud"].startswith("https://"),
        "another-audience": said["aud"] != oidc.AUDIENCE,
    }
    return judged(cases, (slip for slip, holds in slips.items() if holds))


def _first(value: Any) -> str:
    """A claim as a text; `aud` may be a list of one."""
    return str(value[0]) if isinstance(value, list) and value else str(value)


def where(_: World, answer: Any) -> Judgement:
    """The answer says of each error where to look."""
    return foreseen(answer, PLACES)


def secret(world: World, policy: Any) -> Judgement:
    """It allows to read the story's secret whatever six characters it has, and no other."""
    here = _secrets(world)
    elsewhere = here.replace(f":{world.region}:", ":eu-west-1:")
    wanted = {
        f"{here}{SECRET}-a1B2c3": True,
        f"{here}{SECRET}-Xy9Zz0": True,
        f"{here}{SECRET}-of-payroll-a1B2c3": False,
        f"{here}{SECRET}s-a1B2c3": False,
        f"{here}payroll-a1B2c3": False,
        f"{elsewhere}{SECRET}-a1B2c3": False,
    }
    read = "secretsmanager:GetSecretValue"
    calls = [
        Call(read, arn, welcome, what=f"read {arn.partition(':secret:')[2]} in {arn.split(':')[3]}")
        for arn, welcome in wanted.items()
    ]
    calls.append(Call("secretsmanager:PutSecretValue", next(iter(wanted)), False, what="write it"))

    def named(policy: Policy, form: str) -> bool:
        return any(re.search(form, arn) for arn in resources(policy))

    slips = {
        "every-secret": lambda policy: named(policy, r"^\*$|:secret:\*"),
        "no-suffix": lambda policy: named(policy, f":{SECRET}$"),
        "star-without-hyphen": lambda policy: named(policy, rf":{SECRET}\*$"),
        "star": lambda policy: named(policy, rf":{SECRET}-\*$"),
        "of-today": lambda policy: named(policy, rf":{SECRET}-[A-Za-z0-9]{{6}}$"),
        "regular-expression": lambda policy: named(policy, r"\["),
        "another-length": lambda policy: named(policy, rf":{SECRET}-(\?{{1,5}}|\?{{7,}})$"),
    }
    return judge_permissions(world, policy, calls, own=slips)


def _secrets(world: World) -> str:
    return f"arn:aws:secretsmanager:{world.region}:{world.cluster.account_id}:secret:"
