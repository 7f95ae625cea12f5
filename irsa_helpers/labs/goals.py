"""What a mended chain must do, judged by behaviour: the goals that labs share.

A goal tells what is not reached, not why: the names and values that are wrong are for the hints.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, roles, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.clearing import NODE_ROLE
from irsa_helpers.labs.look import Seen, look
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.openings import (
    admitted_audiences,
    admitted_strangers,
    let_into_bucket,
    more_than_reading,
)
from irsa_helpers.labs.readers import gives, other_readers
from irsa_helpers.labs.scene import OBJECT, SERVICE_ACCOUNT, Scene
from irsa_helpers.labs.slips import new_slip
from irsa_helpers.policy.admission import TokenFacts, ask_trust_policy
from irsa_helpers.policy.permissions import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from irsa_helpers.worlds import World

READS = "the app reads its bucket"
READS_LATER = "the app reads its bucket, also when its first token has ended"
ATTACKED = "you have read the bucket as another ServiceAccount: the attack was carried out"
ACTS = "the app acts as its own role"
TRUSTS = "the trust policy admits the app's ServiceAccount and nobody else"
PERMITS = "the role may read its bucket and nothing more, and nobody else may"
# These tell the sessions and tokens of a check from those of a learner: nobody else asks for a life
# of so many seconds.
CHECK_SESSION = "lab-check"
CHECK_TOKEN_SECONDS = 607


def chain_goals(scene: Scene, seen: Seen | None = None) -> list[Goal]:
    """All four goals of a chain from Pod to bucket; `seen` saves a look.

    The look takes a process in the Pod, so the policies are asked meanwhile.
    """
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(lambda: seen or look(scene))
        policies = [trusts_only_app(scene), permits_only_read(scene)]
    own = looking.result()
    return [reads_bucket(own), acts_as_role(scene, own), *policies]


def reads_bucket(seen: Seen, name: str = READS) -> Goal:
    """The Pod gets its object."""
    return Goal(name, seen.read, seen.text, f"the text of {OBJECT}")


def acts_as_role(scene: Scene, seen: Seen) -> Goal:
    """AWS sees the Pod as the role that is its own, by a token that is its own as well."""
    scene = scene.as_it_is()
    expected = f"assumed-role/{scene.role}/"
    right = expected in seen.arn
    # Where another role's credentials come from is what a lab may be about.
    who = f"{seen.arn}, by {seen.credentials}" if right else seen.arn
    return Goal(ACTS, right and seen.own_token, who, f"{expected}, by the Pod's own token")


def reads_later(scene: Scene, seconds: float) -> Goal:
    """The Pod, as its role, gets its object that much later: the time of its namespace is moved."""
    try:
        scene.wait_briefly()
    except IrsaLabError as error:
        return reads_bucket(Seen("", error.message, read=False), READS_LATER)
    scene.world.advance_clock(seconds, namespace=scene.namespace)
    seen = look(scene)
    acts = acts_as_role(scene, seen)
    if seen.read and not acts.reached:
        return Goal(READS_LATER, reached=False, found=acts.found, expected=acts.expected)
    hours = f"{seconds / 3600:.0f} hours after this check began"
    goal = reads_bucket(seen, READS_LATER)
    return replace(goal, expected=f"{goal.expected}, also {hours}")


def attacked(scene: Scene) -> Goal:
    """The sandbox's record shows that somebody else became the role and read the bucket."""
    hops = scene.world.trace(since=scene.started_at_hop)
    apps = {SERVICE_ACCOUNT, scene.as_it_is().service_account}
    own = {(scene.namespace, name) for name in apps}
    strangers = {
        hop["detail"]["access_key_id"]: "/".join(who)
        for hop in hops
        if hop["kind"] == "session"
        and hop["detail"].get("role_arn") == scene.role_arn
        and (who := _workload(hop["detail"])) not in own
    }
    bucket = f"arn:aws:s3:::{scene.bucket}/"
    seen = [
        strangers[hop["detail"]["access_key_id"]]
        for hop in hops
        if hop["kind"] == "aws-call"
        and hop["outcome"] == "ok"
        and hop["detail"]["access_key_id"] in strangers
        and str(hop["detail"]["resource"]).startswith(bucket)
    ]
    said = f"{seen[-1]} read it" if seen else "only the app has read it"
    return Goal(ATTACKED, bool(seen), said, f"a read of {scene.bucket} by another ServiceAccount")


def _workload(detail: Mapping[str, Any]) -> tuple[str, str]:
    return str(detail.get("namespace", "")), str(detail.get("service_account", ""))


def trusts_only_app(scene: Scene) -> Goal:
    """The role's trust policy, asked about the app and about those who must not get in."""
    scene = scene.as_it_is()
    role = roles.describe_role(scene.world, scene.role)
    if role is None:
        return Goal(TRUSTS, reached=False, found=f"no role {scene.role}", expected="the role")
    faults = list(_trust_faults(scene, role["TrustPolicy"]))
    said = "; ".join(dict.fromkeys(faults)) or "it admits the app alone"
    if faults and (slip := new_slip(scene, role["TrustPolicy"])):
        said += f". What is new in it: {slip}"
    return Goal(TRUSTS, not faults, said, "the app's ServiceAccount admitted, all others refused")


def _trust_faults(scene: Scene, policy: dict[str, Any]) -> Iterator[str]:
    """Whom the policy lets in wrongly: asked of STS with real tokens, then of the policy itself.

    While it refuses the app, whom else it names is what a learner is to find.
    """
    token = _token(scene)
    admitted = ask_trust_policy(scene.role_arn, policy, token).allowed
    if not admitted and _refused_by_sts(scene, scene.namespace, scene.service_account):
        yield "it refuses the app's ServiceAccount"
        return
    if _lets_in_by_sts(scene) or admitted_strangers(policy, scene.role_arn, token):
        yield "too wide: it admits other ServiceAccounts"
    if admitted_audiences(policy, scene.role_arn, token):
        yield "too wide: it admits tokens that were made for somebody else than STS"
    yield from _other_principals(scene, policy)


def _token(scene: Scene) -> TokenFacts:
    """What STS reads in the app's token."""
    world = scene.world
    provider, issuer = oidc.provider_arn(world), oidc.issuer_url(world)
    return TokenFacts(provider, issuer, scene.subject, oidc.AUDIENCE)


def _lets_in_by_sts(scene: Scene) -> bool:
    """Whether a ServiceAccount that is there, and is not the app's, becomes the role."""
    namespaces = (scene.namespace, "default", "kube-system")
    return not all(_refused_by_sts(scene, namespace, "default") for namespace in namespaces)


def _refused_by_sts(scene: Scene, namespace: str, name: str) -> bool:
    """Whether STS refuses a token of that ServiceAccount, made as a kubelet has it made."""
    from botocore.exceptions import ClientError
    from kubernetes.dynamic.exceptions import NotFoundError

    try:
        scene.become(namespace, name, CHECK_SESSION, CHECK_TOKEN_SECONDS)
    except (ClientError, NotFoundError):
        return True
    return False


def _other_principals(scene: Scene, policy: dict[str, Any]) -> Iterator[str]:
    """Whoever else the policy lets assume the role: accounts, other roles, EKS Pod Identity."""
    own = oidc.provider_arn(scene.world)
    for rule in trust.describe_trust_policy(policy):
        for principal in rule.principals:
            if rule.effect == "Allow" and principal != f"Federated {own}":
                yield "too wide: it admits others than ServiceAccounts of this cluster"


def permits_only_read(
    scene: Scene, apart: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document
) -> Goal:
    """The role reads its bucket and does no more, as all policies together say; nobody else does.

    What a permissions boundary takes back is not counted: it may be gone tomorrow. `apart` takes
    out of a policy what another goal of the lab judges.
    """
    scene = scene.as_it_is()
    own = [apart(document) for document in policies_of(scene.world, scene.role)]
    bucket = bucket_policy_of(scene)
    faults = list(_permission_faults(scene, own, bucket))
    expected = "the files of its bucket read, the bucket listed at most"
    return Goal(PERMITS, not faults, "; ".join(faults) or "just that", expected)


def policies_of(world: World, name: str) -> list[dict[str, Any]]:
    """The documents of a role's permission policies, inline and attached; none without a role."""
    role = roles.describe_role(world, name)
    if role is None:
        return []
    attached = [roles.managed_policy(world, arn) for arn in role["AttachedPolicies"]]
    return [*role["InlinePolicies"].values(), *attached]


def outsiders(scene: Scene) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Who must get into nothing of the lab, each with what its own policies allow."""
    yield roles.role_arn(scene.world, NODE_ROLE), policies_of(scene.world, NODE_ROLE)
    yield f"arn:aws:iam::{scene.world.cluster.account_id}:role/another-role", []
    yield "arn:aws:iam::777788889999:role/somebody-of-theirs", [EVERYTHING]


def bucket_policy_of(scene: Scene) -> dict[str, Any] | None:
    """The bucket's own policy; None where it has none, or there is no bucket."""
    from botocore.exceptions import ClientError

    try:
        answer = scene.world.aws("s3").get_bucket_policy(Bucket=scene.bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchBucketPolicy", "NoSuchBucket"}:
            return None
        raise
    document: dict[str, Any] = json.loads(answer["Policy"])
    return document


def _permission_faults(
    scene: Scene, documents: list[dict[str, Any]], bucket: dict[str, Any] | None
) -> Iterator[str]:
    resource = f"arn:aws:s3:::{scene.bucket}/{OBJECT}"
    if not gives(scene.role_arn, documents, bucket, resource):
        yield f"it may not read {OBJECT}"
    if any(more_than_reading(documents, scene.bucket)):
        yield "too wide: its policies allow more than reading the bucket"
    if any(let_into_bucket(bucket or {}, scene.role_arn, scene.bucket)):
        yield "too wide: the bucket's own policy allows others, or more than reading"
    node = roles.role_arn(scene.world, NODE_ROLE)
    if gives(node, policies_of(scene.world, NODE_ROLE), None, resource):
        yield f"too wide: {NODE_ROLE} may read it too, and with it every Pod of the node"
    for other in other_readers(scene.world, scene.namespace, resource):
        if other not in {scene.role_arn, node}:
            yield f"too wide: {other} may read it too"
