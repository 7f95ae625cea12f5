"""A learner's own slips in a lab: what was wrong from the start is remembered, and not named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, roles
from irsa_helpers.trust import check_trust_policy

if TYPE_CHECKING:
    from irsa_helpers.labs.scene import Scene

# An annotation of the lab's namespace: the ARN of its role, to the trust policy.
AT_START = "irsa-lab/trust-policy-at-start"
SLIPS_AT_START = "irsa-lab/slips-at-start"


def note_trust_policy(scene: Scene) -> None:
    """Remember the trust policy with which the lab begins."""
    role = roles.describe_role(scene.world, scene.role)
    if role is None:
        return
    _note(scene, AT_START, {scene.role_arn: role["TrustPolicy"]})


def note_slips(scene: Scene, names: list[str], made_from: str) -> None:
    """Remember the slips that hold as the lab begins: they are its fault, and not the learner's.

    `made_from` stands for what the app's Pod is made from.
    """
    _note(scene, SLIPS_AT_START, {"names": names, "made_from": made_from})


def slips_at_start(scene: Scene) -> list[str]:
    """The names that `note_slips` remembered."""
    return list(_noted(scene, SLIPS_AT_START, {}).get("names", ()))


def made_from_at_start(scene: Scene) -> str:
    """What the app's Pod was made from then, as `note_slips` remembered it; empty before."""
    return str(_noted(scene, SLIPS_AT_START, {}).get("made_from", ""))


def _note(scene: Scene, key: str, what: Any) -> None:
    patch = {"metadata": {"annotations": {key: json.dumps(what)}}}
    scene.world.resource("v1", "Namespace").patch(name=scene.namespace, body=patch)


def _noted(scene: Scene, key: str, otherwise: Any) -> Any:
    namespace: Any = scene.world.resource("v1", "Namespace").get(name=scene.namespace)
    text = (namespace.metadata.annotations or {}).get(key)
    return json.loads(text) if text else otherwise


def new_slip(scene: Scene, policy: dict[str, Any]) -> str:
    """What the linter says first of the policy and did not say of the one it began as.

    Empty where there is nothing new, and for a role of which nothing was remembered.
    """
    first, provider = _at_start(scene), oidc.provider_arn(scene.world)
    if first is None:
        return ""
    before = {finding.name for finding in check_trust_policy(first, provider)}
    now = check_trust_policy(policy, provider)
    return next((finding.message for finding in now if finding.name not in before), "")


def _at_start(scene: Scene) -> dict[str, Any] | None:
    """The policy that `note_trust_policy` remembered of the scene's role, None for another's."""
    policy: dict[str, Any] | None = _noted(scene, AT_START, {}).get(scene.role_arn)
    return policy
