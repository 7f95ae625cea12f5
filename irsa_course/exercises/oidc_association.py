"""Notebook 02: which provider an answer leads to, and which tokens it would accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_course.exercises.judging import Case, Judgement, SlipError, judged, the_text
from irsa_helpers import oidc
from irsa_helpers.ground import arns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.worlds import World

SECOND = "https://oidc.eks.eu-west-1.amazonaws.com/id/" + "0123456789ABCDEF" * 2


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    return {"issuer": oidc.issuer_url(world), "world": world}


def provider_arn(world: World, answer: Any) -> Judgement:
    """It is the ARN under which IAM keeps the provider of this cluster's issuer."""
    wanted, written = oidc.provider_arn(world), the_text(answer)
    if not written.startswith("arn:") or written.count(":") < 5:
        raise SlipError("no-arn")
    parts = zip(
        ("partition", "service", "region", "account", "resource"),
        _parts(wanted),
        _parts(written),
        strict=True,
    )
    cases = [
        Case(f"its {name}", right or "nothing", said or "nothing") for name, right, said in parts
    ]
    return judged(cases, _arn_slips(world, written))


def _parts(arn: str) -> tuple[str, str, str, str, str]:
    parsed = arns.Arn.parse(arn)
    return (parsed.partition, parsed.service, parsed.region, parsed.account_id, parsed.resource)


def _arn_slips(world: World, written: str) -> Iterator[str]:
    arn, issuer = arns.Arn.parse(written), oidc.issuer_url(world)
    if "{" in written:
        yield "no-f"
    if "https://" in written:
        yield "scheme-in-arn"
    if arn.service == "eks":
        yield "cluster-arn"
    if arn.region:
        yield "region-in-iam"
    if arn.account_id != world.cluster.account_id:
        yield "account-missing"
    if not arn.resource.startswith("oidc-provider/"):
        yield "kind-missing"
    elif arn.resource.partition("/")[2] != issuer.removeprefix("https://"):
        yield "path-cut"


def register(world: World, answer: Any) -> Judgement:
    """The call makes a provider for the second issuer that takes tokens for STS alone."""
    if not isinstance(answer, dict) or set(answer) != {"Url", "ClientIDList"}:
        raise SlipError("not-the-two")
    url, audiences = answer["Url"], answer["ClientIDList"]
    listed = audiences if isinstance(audiences, list | tuple) else []
    cases = [
        Case("the issuer that IAM would know", SECOND, str(url)),
        Case("a token made for sts.amazonaws.com", "accepted", _accepted(oidc.AUDIENCE in listed)),
        Case("a token made for vault", "refused", _accepted("vault" in listed)),
    ]
    slips = {
        "no-list": isinstance(audiences, str),
        "own-issuer": url == oidc.issuer_url(world),
        "arn-for-url": str(url).startswith("arn:"),
        "no-scheme": f"https://{url}" == SECOND,
        "document-for-issuer": str(url).startswith(f"{SECOND}/"),
        "too-many": "vault" in listed,
        "issuer-as-audience": any("oidc.eks" in str(audience) for audience in listed),
        "audience-misspelt": oidc.AUDIENCE not in listed,
    }
    return judged(cases, (slip for slip, holds in slips.items() if holds))


def _accepted(accepted: bool) -> str:
    return "accepted" if accepted else "refused"
