"""The cluster's own parts: the webhook, the controllers, the kubelet and the node's services.

Each speaks to the API server over TLS with a token of its own, as in a real cluster.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

from irsa_helpers.ground.times import stamp
from irsa_helpers.policy.network import may_reach
from irsa_sandbox import apiserver, aws, listeners
from irsa_sandbox.apiclient import ApiClient, path_of
from irsa_sandbox.controllers import Controllers
from irsa_sandbox.identity import CLUSTER_NAME, NODE_ROLE, REGION
from irsa_sandbox.kubelet.containers.supervisor import POD
from irsa_sandbox.kubelet.kubelet import Kubelet
from irsa_sandbox.node import node, pod_identity_agent, webhook
from irsa_sandbox.node.pod_identity_agent import PodIdentityAgent
from irsa_sandbox.process import component_roles
from irsa_sandbox.process.frame import NO_WAY_OUT, Frame

AGENTS = {
    "admin": "eks",
    "controllers": "kube-controller-manager",
    "scheduler": "kube-scheduler",
    "kubelet": "kubelet",
    "webhook": "pod-identity-webhook",
}
"""The names under which the cluster's parts write; managedFields shows them."""
REGISTERED = "webhook-registered"
"""The file that says that this cluster has had its webhook."""


async def start(
    frame: Frame, servers: listeners.Listeners, cloud: aws.Aws, stack: AsyncExitStack
) -> None:
    """The webhook, the controllers, the kubelet and the node's metadata service."""

    def client(component: str) -> ApiClient:
        return ApiClient(
            frame.url("kubernetes"),
            frame.identity.tokens[component],
            str(frame.authority.ca_file),
            name=AGENTS[component],
        )

    eks = client("admin")
    stack.push_async_callback(eks.close)
    await component_roles.ensure(eks)
    hook = webhook.create_app(
        client("webhook"),
        region=REGION,
        token=frame.identity.tokens["admission"],
        trace=frame.trace,
        has_association=cloud.has_association,
    )
    stack.push_async_callback(hook.stop)
    certificate = frame.authority.issue("webhook", listeners.LOOPBACK)
    await servers.serve("webhook", hook, certificate=certificate)
    await _register_webhook(eks, frame)

    controllers = Controllers(
        client("controllers"),
        client("scheduler"),
        frame.clock,
        frame.authority.pem,
        frame.keys.sign,
    )
    await controllers.start()
    stack.push_async_callback(controllers.stop)

    agent = PodIdentityAgent(
        frame.url("aws"),
        REGION,
        CLUSTER_NAME,
        frame.clock,
        lambda: cloud.instance_credentials(NODE_ROLE),
    )
    await servers.serve("pod-identity-agent", agent.app)
    kubelet = Kubelet(
        client("kubelet"),
        frame.clock,
        frame.trace,
        directory=frame.home / "pods",
        node=node.node_object(
            frame.ports["kubelet"],
            apiserver.VERSION["gitVersion"],
            stamp(frame.clock.now()),
        ),
        node_environment={
            "AWS_ENDPOINT_URL": frame.url("aws"),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{frame.url('imds')}/pods/{POD}",
            **NO_WAY_OUT,
        },
        token=frame.identity.tokens["kubelet-api"],
        addresses={pod_identity_agent.ORIGIN: frame.url("pod-identity-agent")},
    )
    policies = client("kubelet")
    stack.push_async_callback(policies.close)

    async def reaches(uid: str) -> bool:
        """Whether NetworkPolicies let a Pod of this node reach the metadata service."""
        pod = kubelet.pod(uid)
        if pod is None:
            return False
        place = path_of("networking.k8s.io/v1", "networkpolicies", pod["metadata"]["namespace"])
        network_policies, _ = await policies.list(place)
        return may_reach(pod, network_policies)

    metadata = node.create_imds_app(
        lambda: cloud.instance_credentials(NODE_ROLE), NODE_ROLE, frame.clock, reaches=reaches
    )
    await servers.serve("imds", metadata)
    await servers.serve("kubelet", kubelet.app)
    await kubelet.start()
    stack.push_async_callback(kubelet.stop)


async def _register_webhook(client: ApiClient, frame: Frame) -> None:
    """The webhook's configuration is there, at this run's address.

    One that the learner has deleted stays deleted, and what they changed in it stays changed.
    """
    marker = frame.home / REGISTERED
    body = webhook.configuration(frame.url("webhook"), frame.authority.pem)
    place = path_of("admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations")
    if not marker.exists():
        await client.create(place, body)
        marker.touch()
    elif registered := await client.get(f"{place}/{body['metadata']['name']}"):
        own = {hook["name"]: hook["clientConfig"] for hook in body["webhooks"]}
        moved = [
            hook | {"clientConfig": own.get(hook["name"], hook["clientConfig"])}
            for hook in registered["webhooks"]
        ]
        if moved != registered["webhooks"]:
            await client.replace(
                f"{place}/{body['metadata']['name']}", registered | {"webhooks": moved}
            )
