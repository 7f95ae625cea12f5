"""What learners often do that helps nothing or opens too much, each in a sentence of its own.

Each slip is a function of what stands around the app; it tells its sentence, or nothing.
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from irsa_helpers import oidc, roles
from irsa_helpers.labs.clearing import NODE_ROLE
from irsa_helpers.labs.goals import attacked, bucket_policy_of, policies_of, trusts_only_app
from irsa_helpers.labs.openings import opens
from irsa_helpers.labs.scene import DEPLOYMENT, OBJECT
from irsa_helpers.labs.slips import made_from_at_start
from irsa_helpers.policy.lists import listed
from irsa_helpers.policy.permissions import allowing, whole_services
from irsa_helpers.serviceaccounts import PREFIX, ROLE_ARN
from irsa_helpers.worlds.lookups import kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from irsa_helpers.labs.scene import Scene

Document = dict[str, Any]
RESTARTED = "kubectl.kubernetes.io/restartedAt"
OF_AWS = "arn:aws:iam::aws:policy/"
ROLE, TOKEN = "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"
KEY, SESSION = "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"


@dataclass(frozen=True)
class Around:
    """What stands around a lab's app, read once: objects as the API server has them, and policies.

    `documents` are the role's permission policies, `node` those of the node's role.
    """

    scene: Scene
    deployment: Document
    pods: list[Document]
    account: Document
    default_account: Document
    role: Document | None
    documents: list[Document]
    bucket_policy: Document | None
    node: list[Document]

    @property
    def made_from(self) -> str:
        """What a Pod of the app is made from, and its role, in short; a restart changes neither."""
        template = copy.deepcopy(self.template)
        _annotations(template).pop(RESTARTED, None)
        names = template.get("metadata", {})
        names["annotations"] = names.get("annotations") or None
        parts = [template, _annotations(self.account), self.trust, self.documents]
        whole = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(whole.encode()).hexdigest()[:12]

    @property
    def trust(self) -> list[Document]:
        """The statements by which the role trusts somebody."""
        return list(allowing([self.role["TrustPolicy"]])) if self.role else []

    @property
    def template(self) -> Document:
        """The Pod template of the app's Deployment; empty where that is gone."""
        template: Document = self.deployment.get("spec", {}).get("template", {})
        return template

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the Deployment gives its containers."""
        return _variables(self.template.get("spec", {}))

    @property
    def file(self) -> str:
        """The ARN of the file that the app is to read."""
        return f"arn:aws:s3:::{self.scene.bucket}/{OBJECT}"

    @property
    def named_role(self) -> str:
        """The role that the ServiceAccount's annotation names; empty for none."""
        return str(_annotations(self.account).get(ROLE_ARN, ""))


def look_around(scene: Scene) -> Around:
    """What stands around the app now."""
    scene, world = scene.as_it_is(), scene.world
    pods: Any = world.resource("v1", "Pod")
    return Around(
        scene,
        _object(scene, "apps/v1", "Deployment", DEPLOYMENT),
        [pod.to_dict() for pod in pods.get(namespace=scene.namespace).items],
        _object(scene, "v1", "ServiceAccount", scene.service_account),
        _object(scene, "v1", "ServiceAccount", "default"),
        roles.describe_role(world, scene.role),
        policies_of(world, scene.role),
        bucket_policy_of(scene),
        policies_of(world, NODE_ROLE),
    )


def _object(scene: Scene, api: str, kind: str, name: str) -> Document:
    there = kubernetes_object(scene.world.resource(api, kind), name, scene.namespace)
    return there.to_dict() if there is not None else {}


def _annotations(body: Mapping[str, Any]) -> dict[str, str]:
    return body.get("metadata", {}).get("annotations") or {}


def _variables(spec: Mapping[str, Any]) -> dict[str, str]:
    return {
        variable["name"]: variable.get("value", "")
        for container in spec.get("containers", ())
        for variable in container.get("env") or ()
    }


def app_is_gone(around: Around) -> str:
    """The Deployment was deleted."""
    if around.deployment:
        return ""
    return "The Deployment `app` is gone. A lab's app is mended, not taken away: reset the lab."


def no_pods_wanted(around: Around) -> str:
    """The Deployment was scaled to nothing."""
    if around.deployment.get("spec", {}).get("replicas") != 0:
        return ""
    return (
        "The Deployment `app` wants no Pods: `kubectl scale deployment/app --replicas=1 "
        f"-n {around.scene.namespace}` brings the app back."
    )


def role_is_gone(around: Around) -> str:
    """The role was deleted."""
    if around.role is not None:
        return ""
    return f"The role {around.scene.role} is gone. Make it again, with both its policies."


def pod_is_older(around: Around) -> str:
    """The annotation was changed, and the Pod was not made anew."""
    running = [pod for pod in around.pods if not pod["metadata"].get("deletionTimestamp")]
    own = [_variables(pod["spec"]).get(ROLE) for pod in running if _is_apps(pod)]
    if not own or not around.named_role or ROLE in around.environment:
        return ""
    if around.named_role in own:
        return ""
    return (
        "The Pod was made before the annotation that its ServiceAccount has now. The webhook acts "
        "when a Pod is made: restart the Deployment."
    )


def _is_apps(pod: Mapping[str, Any]) -> bool:
    return (pod["metadata"].get("labels") or {}).get("app") == DEPLOYMENT


def restarted_only(around: Around) -> str:
    """The Pod is new, and what it is made from is not."""
    restarted = RESTARTED in _annotations(around.template)
    if not restarted or made_from_at_start(around.scene) != around.made_from:
        return ""
    return (
        "A new Pod is made from the same Deployment, ServiceAccount and role as the old one. "
        "A restart alone mends nothing that stands there."
    )


def keys_of_a_person(around: Around) -> str:
    """Somebody's keys in the environment."""
    if KEY not in around.environment or SESSION in around.environment:
        return ""
    return (
        "The app has somebody's keys in its environment. The SDK takes them before the token, so "
        "it acts as that person; and such keys never end."
    )


def copied_session(around: Around) -> str:
    """A session of the role that was copied into the environment."""
    if SESSION not in around.environment:
        return ""
    return (
        "The app has a copied session in its environment. It is the right role for an hour; then "
        "it ends, and nobody renews a copy."
    )


def token_by_hand(around: Around) -> str:
    """The app reads another token than the kubelet's."""
    if TOKEN not in around.environment:
        return ""
    return (
        f"The Deployment sets {TOKEN} itself. The kubelet renews the token that the webhook "
        "mounts, and no other file."
    )


def runs_as_default(around: Around) -> str:
    """The app has no ServiceAccount of its own."""
    spec = around.template.get("spec", {})
    if not spec or spec.get("serviceAccountName", "default") != "default":
        return ""
    return "The app runs as `default`, which is the ServiceAccount of every Pod that names none."


def default_has_the_role(around: Around) -> str:
    """The ServiceAccount of everybody is annotated."""
    if ROLE_ARN not in _annotations(around.default_account):
        return ""
    return (
        "The ServiceAccount `default` is annotated with a role. Each Pod of the namespace that "
        "names no ServiceAccount gets that role."
    )


def default_is_admitted(around: Around) -> str:
    """The trust policy names the ServiceAccount of everybody."""
    if f':{around.scene.namespace}:default"' not in json.dumps(around.trust):
        return ""
    return (
        "The trust policy admits `default`. Each Pod of the namespace that names no ServiceAccount "
        "runs as that, and becomes the role."
    )


def another_issuer_kept(around: Around) -> str:
    """The trust policy names this cluster's provider and another one."""
    providers = {
        who
        for said in around.trust
        if isinstance(said.get("Principal"), dict)
        for who in listed(said["Principal"].get("Federated", []))
    }
    own = oidc.provider_arn(around.scene.world)
    if own not in providers or len(providers) == 1:
        return ""
    return (
        "The trust policy admits tokens of another issuer beside this cluster's. Whoever has that "
        "issuer's keys, or registers it, still gets in."
    )


def annotated_elsewhere(around: Around) -> str:
    """The annotation stands on the Deployment or its Pods."""
    places = (_annotations(around.deployment), _annotations(around.template))
    if not any(ROLE_ARN in place for place in places):
        return ""
    return f"The webhook reads {ROLE_ARN} from the ServiceAccount, from no Deployment and no Pod."


def another_annotation(around: Around) -> str:
    """An annotation that looks like the right one."""
    known = {"role-arn", "audience", "sts-regional-endpoints", "token-expiration"}
    odd = [
        key
        for key in _annotations(around.account)
        if "role" in key.lower() and key.removeprefix(PREFIX) not in known
    ]
    return f"The webhook does not read `{odd[0]}`: compare it sign by sign." if odd else ""


def name_in_place_of_the_arn(around: Around) -> str:
    """The annotation holds a role's name."""
    if not around.named_role or around.named_role.startswith("arn:"):
        return ""
    return "The annotation holds a name. It wants the role's whole ARN, `arn:aws:iam::…:role/…`."


def all_of_a_service(around: Around) -> str:
    """An action that ends in a star."""
    wide = [text for document in around.documents for text in whole_services(document)]
    if not wide or policy_of_aws(around):
        return ""
    return (
        f"In the role's policies {wide[0]}. More rights do not mend a chain that breaks elsewhere, "
        "and whoever gets into the Pod has them all."
    )


def on_everything(around: Around) -> str:
    """A resource that is a star."""
    if all_of_a_service(around) or policy_of_aws(around):
        return ""
    wide = [said for said in allowing(around.documents) if "*" in listed(said.get("Resource", "*"))]
    if not wide:
        return ""
    return "A policy of the role has `*` as its Resource: that is the whole account, not one thing."


def policy_of_aws(around: Around) -> str:
    """A policy that AWS keeps."""
    attached = (around.role or {}).get("AttachedPolicies", ())
    names = [arn.rpartition("/")[2] for arn in attached if arn.startswith(OF_AWS)]
    if not names:
        return ""
    return f"`{names[0]}` is a policy of AWS's own: it is about everything in the account."


def bucket_for_everybody(around: Around) -> str:
    """The bucket lets strangers in."""
    stranger = f"arn:aws:iam::{around.scene.world.cluster.account_id}:role/a-stranger"
    if not around.bucket_policy or not opens(
        around.bucket_policy, stranger, "s3:GetObject", around.file, []
    ):
        return ""
    return "The bucket's own policy lets in everybody, and not the app's role alone."


def node_has_the_right(around: Around) -> str:
    """The right was given to the node."""
    node = roles.role_arn(around.scene.world, NODE_ROLE)
    if not opens(None, node, "s3:GetObject", around.file, around.node):
        return ""
    return "The node's role may read the bucket: every Pod on the node can take that role."


def closed_unseen(scene: Scene) -> str:
    """A slip of labs that want an attack: the door was shut before anybody went through it."""
    if not trusts_only_app(scene).reached or attacked(scene).reached:
        return ""
    return (
        "The door is shut, and you have not seen what came through it. Reset the lab, read the "
        "bucket as another ServiceAccount, then shut it."
    )


# In the order in which they are told; where several hold, each is told.
USUAL: tuple[Callable[[Around], str], ...] = (
    app_is_gone,
    no_pods_wanted,
    role_is_gone,
    keys_of_a_person,
    copied_session,
    token_by_hand,
    runs_as_default,
    default_has_the_role,
    default_is_admitted,
    another_issuer_kept,
    annotated_elsewhere,
    another_annotation,
    name_in_place_of_the_arn,
    pod_is_older,
    policy_of_aws,
    all_of_a_service,
    on_everything,
    bucket_for_everybody,
    node_has_the_right,
    restarted_only,
)
