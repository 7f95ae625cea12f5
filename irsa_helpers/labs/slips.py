"""A learner's own slips in a lab's trust policy: what was wrong from the start is not named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, roles
from irsa_helpers.trust import check_trust_policy

if TYPE_CHECKING:
    from irsa_helpers.labs.scene import Scene

# An annotation of the lab's namespace: the ARN of its role, to the trust policy.
AT_START = "irsa-lab/trust-policy-at-start"


def note_trust_policy(scene: Scene) -> None:
    """Remember the trust policy with which the lab begins."""
    role = roles.describe_role(scene.world, scene.role)
    if role is None:
        return
    noted = json.dumps({scene.role_arn: role["TrustPolicy"]})
    patch = {"metadata": {"annotations": {AT_START: noted}}}
    scene.world.resource("v1", "Namespace").patch(name=scene.namespace, body=patch)


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
    namespace: Any = scene.world.resource("v1", "Namespace").get(name=scene.namespace)
    noted = (namespace.metadata.annotations or {}).get(AT_START, "{}")
    policy: dict[str, Any] | None = json.loads(noted).get(scene.role_arn)
    return policy
