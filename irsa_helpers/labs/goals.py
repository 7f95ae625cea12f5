"""What a mended chain must do, judged by behaviour: the goals that labs share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, roles, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import OBJECT, SERVICE_ACCOUNT, Scene
from irsa_helpers.policy import Request, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from irsa_helpers.world import World

READS = "the app reads its bucket"
ACTS = "the app acts as its own role"
TRUSTS = "the trust policy admits the app's ServiceAccount and nobody else"
PERMITS = "the role may read its bucket and nothing more"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


def chain_goals(world: World, number: str) -> list[Goal]:
    """All four goals of a chain from Pod to bucket, for lab `number`."""
    scene = Scene(world, f"lab-{number}")
    with ThreadPoolExecutor(2) as pool:
        app = [pool.submit(each, scene) for each in (reads_bucket, acts_as_role)]
        return [*(each.result() for each in app), trusts_only_app(scene), permits_only_read(scene)]


def reads_bucket(scene: Scene) -> Goal:
    """`aws s3 cp` in the Pod gets the object."""
    return _ran(scene, READS, f"the text of {OBJECT}", f"s3 cp s3://{scene.bucket}/{OBJECT} -")


def acts_as_role(scene: Scene) -> Goal:
    """`aws sts get-caller-identity` in the Pod answers the role."""
    expected = f"assumed-role/{scene.role}/"
    query = "sts get-caller-identity --query Arn --output text"
    return _ran(scene, ACTS, expected, query, holds=expected)


def _ran(scene: Scene, name: str, expected: str, command: str, holds: str = "Hello") -> Goal:
    try:
        result = scene.run("aws", *command.split())
    except IrsaLabError as error:
        return Goal(name, reached=False, found=error.message, expected=expected)
    reached = result.exit_code == 0 and holds in result.stdout
    return Goal(name, reached, " ".join(str(result).split()), expected)


def trusts_only_app(scene: Scene) -> Goal:
    """The role's trust policy, asked about the app and about those who must not get in."""
    role = roles.describe_role(scene.world, scene.role)
    if role is None:
        return Goal(TRUSTS, reached=False, found=f"no role {scene.role}", expected="the role")
    faults = list(_trust_faults(scene, role["TrustPolicy"]))
    found = "; ".join(faults) or f"it admits {scene.subject} alone"
    return Goal(TRUSTS, not faults, found, f"{scene.subject} admitted, all others refused")


def _trust_faults(scene: Scene, policy: dict[str, Any]) -> Iterator[str]:
    own = scene.subject
    if not _admits(scene, policy, own):
        yield f"it refuses {own}"
    strangers = {
        trust.subject(scene.namespace, "default"): "other ServiceAccounts of the namespace",
        trust.subject("default", SERVICE_ACCOUNT): "the same name in other namespaces",
        trust.subject(scene.namespace, f"{SERVICE_ACCOUNT}-2"): "longer names",
        trust.subject(f"{scene.namespace}-x", SERVICE_ACCOUNT): "namespaces of longer names",
        trust.subject("kube-system", "default"): "ServiceAccounts of the whole cluster",
    }
    for subject, whom in strangers.items():
        if _admits(scene, policy, subject):
            yield f"too wide: it admits {whom}, such as {subject}"
    if _admits(scene, policy, own, audience="some.other.service"):
        yield "too wide: it admits tokens made for another audience than STS"


def _admits(
    scene: Scene, policy: dict[str, Any], subject: str, audience: str = oidc.AUDIENCE
) -> bool:
    context = {
        scene.key("sub"): subject,
        scene.key("aud"): audience,
        "sts:RoleSessionName": "botocore-session-1",
    }
    principal = oidc.provider_arn(scene.world)
    request = Request(principal, WEB_IDENTITY, scene.role_arn, context)
    return evaluate(request, resource_policy=policy).allowed


def permits_only_read(scene: Scene) -> Goal:
    """The role's permission policies, asked about what the app needs and what it must not do."""
    expected = f"s3:GetObject on {scene.bucket}/* (and s3:ListBucket on it) only"
    documents = _permissions(scene)
    faults = list(_permission_faults(scene, documents))
    return Goal(PERMITS, not faults, "; ".join(faults) or "just that", expected)


def _permissions(scene: Scene) -> list[dict[str, Any]]:
    iam, role = scene.world.aws("iam"), roles.describe_role(scene.world, scene.role)
    if role is None:
        return []
    attached = []
    for arn in role["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        attached.append(found["PolicyVersion"]["Document"])
    return [*role["InlinePolicies"].values(), *attached]


def _permission_faults(scene: Scene, documents: list[dict[str, Any]]) -> Iterator[str]:
    bucket = f"arn:aws:s3:::{scene.bucket}"
    if not _allows(scene, documents, "s3:GetObject", f"{bucket}/{OBJECT}"):
        yield f"no s3:GetObject on {bucket}/{OBJECT}"
    for action, resource in (
        ("s3:PutObject", f"{bucket}/{OBJECT}"),
        ("s3:DeleteObject", f"{bucket}/{OBJECT}"),
        ("s3:PutBucketPolicy", bucket),
        ("s3:GetObject", "arn:aws:s3:::somebody-elses-bucket/secret.txt"),
        ("iam:CreateUser", "arn:aws:iam::111122223333:user/new"),
    ):
        if _allows(scene, documents, action, resource):
            yield f"too wide: it allows {action} on {resource}"


def _allows(scene: Scene, documents: list[dict[str, Any]], action: str, resource: str) -> bool:
    request = Request(scene.role_arn, action, resource, {})
    return evaluate(request, identity_policies=documents).allowed
