"""The course's story: its names, and a way to any of its steps.

Each notebook opens on its own: `catch_up` does the steps before it and says what it did.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, pods, roles, serviceaccounts, storage, trust
from irsa_helpers.changes import Changes
from irsa_helpers.errors import IrsaLabError

if TYPE_CHECKING:
    from kubernetes.dynamic import ResourceInstance

    from irsa_helpers.changes import Change
    from irsa_helpers.worlds import World

STEPS = ("provider", "role", "service-account", "deployment")

NAMESPACE = "default"
SERVICE_ACCOUNT = "enginrect-sa"
ROLE = "enginrect-irsa-role"
PERMISSIONS = "read-bucket"
DEPLOYMENT = "s3-access-app"
OBJECT = "hello.txt"
GREETING = "Hello from S3: this Pod became a role, and no key was stored anywhere.\n"
TABLE = "enginrect-table"
SECRET = "enginrect-secret"


def bucket_name(world: World) -> str:
    """The story's bucket: `enginrect-data-` and the account id, since all of AWS shares names."""
    return f"enginrect-data-{world.cluster.account_id}"


def trust_policy(world: World) -> dict[str, Any]:
    """The story's trust policy: enginrect-sa of the namespace default, and nobody else."""
    return trust.build_trust_policy(oidc.provider_arn(world), NAMESPACE, SERVICE_ACCOUNT)


def catch_up(world: World, through: str | None, *, approve: bool = False) -> Changes:
    """The bucket, table and secret are there, and the steps up to `through` are done.

    `through` is one of STEPS, or None for no step at all. What is there already stays; the list
    says what was done, so an empty plan reads "nothing to do". After "deployment" the Pod runs.
    Raises IrsaLabError for another step.
    """
    if through is not None and through not in STEPS:
        raise IrsaLabError(f"no step {through!r}", next_step=f"one of {', '.join(STEPS)}, or None")
    changes = Changes(_ensure_storage(world, approve=approve))
    for step in STEPS[: STEPS.index(through) + 1] if through else ():
        changes += _do(world, step, approve=approve)
    return changes


def _ensure_storage(world: World, *, approve: bool) -> list[Change]:
    item = {"id": "1", "greeting": "Hello from DynamoDB"}
    return [
        storage.ensure_bucket(
            world, bucket_name(world), objects={OBJECT: GREETING}, approve=approve
        ),
        storage.ensure_table(world, TABLE, items=[item], approve=approve),
        storage.ensure_secret(world, SECRET, value="Hello from Secrets Manager", approve=approve),
    ]


def _do(world: World, step: str, *, approve: bool) -> list[Change]:
    if step == "provider":
        return [oidc.ensure_provider(world, approve=approve)]
    if step == "role":
        return [_ensure_role(world, approve=approve)]
    if step == "service-account":
        arn = roles.role_arn(world, ROLE)
        return [
            serviceaccounts.ensure_service_account(
                world, SERVICE_ACCOUNT, namespace=NAMESPACE, role_arn=arn, approve=approve
            )
        ]
    return _ensure_running(world, approve=approve)


def _ensure_role(world: World, *, approve: bool) -> Change:
    permissions = {PERMISSIONS: roles.build_bucket_read_policy(bucket_name(world))}
    return roles.ensure_role(
        world, ROLE, trust_policy(world), permission_policies=permissions, approve=approve
    )


def _ensure_running(world: World, *, approve: bool) -> list[Change]:
    """The Deployment's Pod runs and carries the role; one older than either is replaced."""
    change = pods.ensure_deployment(
        world, DEPLOYMENT, service_account=SERVICE_ACCOUNT, namespace=NAMESPACE, approve=approve
    )
    if change.pending:
        return [change]
    pod = pods.wait_for_pod(world, DEPLOYMENT, namespace=NAMESPACE)
    carried = pods.irsa_environment(pod)["environment"].get("AWS_ROLE_ARN")
    if carried == roles.role_arn(world, ROLE) and not older_than_role(world, pod):
        return [change]
    restart = pods.restart_deployment(world, DEPLOYMENT, namespace=NAMESPACE, approve=approve)
    if restart.applied:
        pods.wait_for_pod(world, DEPLOYMENT, namespace=NAMESPACE)
    return [change, restart]


def older_than_role(world: World, pod: ResourceInstance) -> bool:
    """Whether the role was made anew under a Pod that already ran.

    The AWS CLI in the Pod then goes on with the credentials of the role that is gone, until they
    expire: AWS refuses them, for a session belongs to the role's id and not to its name.
    Source: IAM user guide, "Unique identifiers". Kubernetes' times are whole seconds.
    """
    role = roles.describe_role(world, ROLE)
    started = datetime.fromisoformat(pod.metadata.creationTimestamp)
    return role is not None and started < role["CreateDate"].replace(microsecond=0)
