"""The first minute: a Pod becomes a role before one's eyes, is refused for one letter, is let in.

All of it is made in a namespace of its own and taken away again, so that the course begins with a
world in which nothing has been done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from irsa_helpers import oidc, pods, roles, serviceaccounts, trust
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.views import live_handshake
from irsa_helpers.views.picture import handshake_picture
from irsa_helpers.views.svg import Hop
from irsa_helpers.worlds import World
from irsa_helpers.worlds.lookups import delete_object, kubernetes_object
from irsa_helpers.worlds.sandbox import SandboxWorld

NAMESPACE, ACCOUNT, ROLE, APP = "first-act", "visitor", "first-act-role", "visitor-app"
# Without what the AWS CLI has kept, so that it shows its token anew.
WHO_AM_I = (
    "rm -rf ~/.aws/cli/cache; aws sts get-caller-identity --query Arn --output text 2>&1 | tail -1"
)


class Act:
    """The steps of the first act; each may be done again."""

    def __init__(self, world: SandboxWorld) -> None:
        self._world = world
        self._had_provider = oidc.describe_provider(world) is not None

    def begin(self) -> str:
        """A role, a ServiceAccount that names it, and a Pod; returns whom AWS sees in its calls."""
        world = self._world
        oidc.ensure_provider(world)
        roles.ensure_role(world, ROLE, self._trust(ACCOUNT))
        namespaces = world.resource("v1", "Namespace")
        if kubernetes_object(namespaces, NAMESPACE) is None:
            namespaces.create(body={"metadata": {"name": NAMESPACE}})
        arn = roles.role_arn(world, ROLE)
        serviceaccounts.ensure_service_account(world, ACCOUNT, namespace=NAMESPACE, role_arn=arn)
        pods.ensure_deployment(world, APP, service_account=ACCOUNT, namespace=NAMESPACE)
        return self._ask()

    def break_a_letter(self) -> str:
        """The role's trust policy names another ServiceAccount: one letter differs."""
        return self._trusting(ACCOUNT[:-1] + "t")

    def mend(self) -> str:
        """The trust policy names the ServiceAccount again."""
        return self._trusting(ACCOUNT)

    def end(self) -> str:
        """What the act made is gone."""
        delete_object(self._world.resource("v1", "Namespace"), NAMESPACE)
        roles.ensure_no_role(self._world, ROLE)
        if not self._had_provider:
            oidc.ensure_no_provider(self._world)
        return "gone"

    def _trusting(self, account: str) -> str:
        roles.ensure_role(self._world, ROLE, self._trust(account))
        return self._ask()

    def _trust(self, account: str) -> dict[str, Any]:
        return trust.build_trust_policy(oidc.provider_arn(self._world), NAMESPACE, account)

    def _ask(self) -> str:
        """Whom AWS sees when the Pod calls: an ARN, or the refusal."""
        name = pods.ready_pod_name(self._world, APP, namespace=NAMESPACE)
        words = ["sh", "-c", WHO_AM_I]
        return pods.exec_in_pod(self._world, name, words, namespace=NAMESPACE).stdout.strip()


# Button, its step, and what is said when it is done.
SCENES: tuple[tuple[str, Callable[[Act], str], str], ...] = (
    ("1. Let a Pod become a role", Act.begin, "AWS sees the Pod as the role. No key was stored."),
    (
        "2. Break one letter",
        Act.break_a_letter,
        f"The trust policy asks for {ACCOUNT[:-1]}t, the token says {ACCOUNT}. AWS tells the Pod "
        "no more than this; the red hop tells you why.",
    ),
    ("3. Mend it", Act.mend, "The letter is right again, and so is the answer."),
    ("4. Clear the stage", Act.end, "All of it is gone. Now you build it yourself, step by step."),
)


class FirstAct:
    """The act as a notebook shows it: four buttons, what AWS said, the handshake as it happens."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Buttons where they can be pressed, the whole picture where they cannot."""
        shown = {"image/svg+xml": handshake_picture(), "text/plain": str(self)}
        if isinstance(self._world, SandboxWorld):
            live, _metadata = self.widget()._repr_mimebundle_()
            return {**live, **shown}
        return shown

    def __str__(self) -> str:
        return "\n".join(f"{title}: {said}" for title, _, said in SCENES)

    def widget(self) -> Any:
        """The buttons, which are pressed in their order. Only in the sandbox."""
        assert isinstance(self._world, SandboxWorld)
        act = Act(self._world)
        view = live_handshake(
            self._world,
            _of_the_act,
            module="act",
            scenes=[title for title, _, _ in SCENES],
            at=0,
            busy=False,
            said="Press the first button, and look at the picture.",
            answer="",
        )
        view.on_msg(lambda view, message, _buffers: _play(act, view, message.get("scene")))
        return view


def _of_the_act(hop: Hop) -> Hop | None:
    """A hop of the act's own Pod; what else goes on in this world stays off the stage."""
    return hop if hop["detail"].get("namespace") == NAMESPACE else None


def _play(act: Act, view: Any, scene: int) -> None:
    """The next scene is played and told; one that fails may be tried again."""
    if view.busy or scene != view.at:
        return
    _, step, said = SCENES[scene]
    view.busy = True
    try:
        view.said, view.answer = said, step(act)
        view.at = scene + 1
    except IrsaLabError as error:
        view.said, view.answer = "That did not go well; press again.", str(error)
    finally:
        view.busy = False


def first_act(world: World) -> FirstAct:
    """One minute: press a button, and a Pod becomes a role; press another, and it is refused."""
    return FirstAct(world)
