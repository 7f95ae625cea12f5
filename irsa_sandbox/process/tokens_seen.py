"""The tokens that STS was shown, as the trace tells of them: all but their signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from irsa_helpers.ground.claims import Token, token_facts

KEPT = 10

Hop = Mapping[str, Any]


def tokens_seen(hops: Sequence[Hop]) -> list[dict[str, Any]]:
    """The last tokens, each once, the newest last; `label` and what a view of a token shows."""
    seen: dict[str, dict[str, Any]] = {}
    for index in reversed(range(len(hops))):
        claims = hops[index]["detail"].get("claims")
        if claims is not None and repr(claims) not in seen:
            seen[repr(claims)] = _seen(hops[index], hops[index + 1 :])
        if len(seen) == KEPT:
            break
    return list(reversed(seen.values()))


def _seen(hop: Hop, later: Sequence[Hop]) -> dict[str, Any]:
    detail = hop["detail"]
    read = Token(detail["header"], detail["claims"])
    good, said = _signature(list(_of_attempt(hop, later)))
    return {
        "label": f"{hop['at'][11:19]} {hop['source']}",
        **token_facts(read, good=good, said=said),
    }


def _of_attempt(hop: Hop, later: Sequence[Hop]) -> Iterator[Hop]:
    """The hops that this token led to, until its Pod asks again."""
    names = ("role_arn", "namespace", "pod", "service_account")
    own = [hop["detail"].get(name) for name in names]
    for step in later:
        if [step["detail"].get(name) for name in names] == own:
            if step["kind"] == "assume-role":
                return
            yield step


def _signature(hops: Sequence[Hop]) -> tuple[bool | None, str]:
    """What STS found when it checked the signature; None where it did not come so far."""
    checks = [check for hop in hops for check in hop["detail"].get("checks", ())]
    for check in checks:
        if check["name"] == "signature":
            by = f"{check['expected']} of the issuer's published ones"
            return check["ok"], f"STS checked it {by}" if check["ok"] else str(check["found"])
    refusals = [hop["summary"] for hop in hops if hop["outcome"] != "ok"]
    return None, refusals[0] if refusals else "STS has not come to it"
