from irsa_helpers.labs.goals import permits_only_read, reads_later, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene

FIRST_LIFE = 600
MORE_THAN_A_DAY = 90_000


def setup(scene: Scene) -> None:
    """The world is broken as the story tells: a day has passed."""
    scene.annotate({"eks.amazonaws.com/token-expiration": str(FIRST_LIFE)})
    scene.deploy_with_copied_token()
    scene.world.advance_clock(FIRST_LIFE + 60, namespace=scene.namespace)


def check(scene: Scene) -> list[Goal]:
    """Each goal with what was seen; a day passes meanwhile."""
    later = reads_later(scene, MORE_THAN_A_DAY)
    return [later, trusts_only_app(scene), permits_only_read(scene)]


def solution(scene: Scene) -> None:
    scene.deploy()


def restart_only(scene: Scene) -> None:
    """It works until tomorrow: that is what they do every morning."""
    scene.restart()


def longer_life(scene: Scene) -> None:
    """The longest life is a day."""
    scene.annotate({"eks.amazonaws.com/token-expiration": "86400"})
    scene.restart()


def static_keys(scene: Scene) -> None:
    """A person's keys do not end. That is what is wrong with them."""
    scene.deploy(environment=scene.static_keys())


FIXES = [restart_only, longer_life, static_keys]
