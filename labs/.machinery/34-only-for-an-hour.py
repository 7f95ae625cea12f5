from irsa_helpers.labs.goals import permits_only_read, reads_later, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene

MORE_THAN_AN_HOUR = 3700


def setup(scene: Scene) -> None:
    """The world is broken as the story tells: an hour has passed."""
    scene.deploy(environment=scene.session_keys())
    scene.world.advance_clock(MORE_THAN_AN_HOUR, namespace=scene.namespace)


def check(scene: Scene) -> list[Goal]:
    """Each goal with what was seen; an hour passes meanwhile."""
    later = reads_later(scene, MORE_THAN_AN_HOUR)
    return [later, trusts_only_app(scene), permits_only_read(scene)]


def solution(scene: Scene) -> None:
    """The copied session is gone; the SDK gets its own by the token, and renews it."""
    scene.deploy()


def deploy_again(scene: Scene) -> None:
    """It works, for another hour."""
    scene.deploy(environment=scene.session_keys())


def keys_that_do_not_end(scene: Scene) -> None:
    """A person's keys do not end. That is what is wrong with them."""
    scene.deploy(environment=scene.static_keys())


FIXES = [deploy_again, keys_that_do_not_end]
