"""What the API server itself makes when it starts: namespaces, default roles, its own Service.

Source: Kubernetes documentation, "Namespaces", "Using RBAC Authorization".
"""

from __future__ import annotations

import asyncio
import logging

from irsa_sandbox.apiserver.access import bootstrap_policy
from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.ground.status import StatusError
from irsa_sandbox.apiserver.kinds import Kind, namespaces, rbac, services
from irsa_sandbox.apiserver.requests.targets import Target
from irsa_sandbox.apiserver.requests.writers import Writer
from irsa_sandbox.apiserver.store.storage import Object
from irsa_sandbox.apiserver.structure.managed_fields import Manager
from irsa_sandbox.apiserver.writes.objects import Objects

ITSELF = Writer(User("system:apiserver", ("system:masters",)), Manager("kube-apiserver"))
ITS_SERVICE: Object = {
    "metadata": {
        "name": "kubernetes",
        "labels": {"component": "apiserver", "provider": "kubernetes"},
    },
    "spec": {
        "clusterIP": services.FIRST_ADDRESS,
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}],
        "type": "ClusterIP",
    },
}
# How often the Service is looked after. Source: kubernetes, pkg/controlplane, EndpointInterval.
SECONDS_BETWEEN_LOOKS = 10

log = logging.getLogger("irsa-lab.apiserver")


async def ensure(objects: Objects) -> None:
    """Everything is there; what is there already is left as it is.

    What a learner's webhook refuses stays away: the server starts without it.
    """
    for name in namespaces.FIRST:
        await _ensure(objects, namespaces.NAMESPACE, {"metadata": {"name": name}})
    for role in bootstrap_policy.cluster_roles():
        await _ensure(objects, rbac.CLUSTER_ROLE, role)
    for binding in bootstrap_policy.cluster_role_bindings():
        await _ensure(objects, rbac.CLUSTER_ROLE_BINDING, binding)
    await _ensure(objects, services.SERVICE, ITS_SERVICE, "default")


async def keep(objects: Objects) -> None:
    """Make the Service `kubernetes` again whenever somebody deleted it; never returns."""
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        await _ensure(objects, services.SERVICE, ITS_SERVICE, "default")


async def _ensure(objects: Objects, kind: Kind, body: Object, namespace: str = "") -> None:
    name = body["metadata"]["name"]
    if not objects.is_there(Target(kind, namespace, name)):
        try:
            await objects.create(Target(kind, namespace), body, ITSELF)
        except StatusError as error:
            log.warning("%s %s could not be made: %s", kind.plural, name, error)
