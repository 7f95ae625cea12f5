from typing import Any

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.goals import permits_only_read, reads_later, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import COPY_TOKEN, Scene

TWELVE_HOURS = 43_000
UNTOUCHED = "the vendor's app is as it came"


def setup(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/token-expiration": "600"})
    scene.deploy_with_copied_token()
    scene.world.advance_clock(7200, namespace=scene.namespace)


def check(scene: Scene) -> list[Goal]:
    """Each goal with what was seen; half a day passes meanwhile."""
    later = reads_later(scene, TWELVE_HOURS)
    return [later, _untouched(scene), trusts_only_app(scene), permits_only_read(scene)]


def _untouched(scene: Scene) -> Goal:
    """The app still reads its token once, when it starts, and uses its copy."""
    expected = f"sh -c {COPY_TOKEN!r}, and the token in /app/token"
    try:
        container: Any = scene.wait_briefly().spec.containers[0]
    except IrsaLabError as error:
        return Goal(UNTOUCHED, reached=False, found=error.message, expected=expected)
    variables = {each.name: each.value for each in container.env or []}
    command, file = container.command or [], variables.get("AWS_WEB_IDENTITY_TOKEN_FILE")
    same = command == ["sh", "-c", COPY_TOKEN] and file == "/app/token"
    return Goal(UNTOUCHED, same, f"{' '.join(command)}, and the token in {file}", expected)


def solution(scene: Scene) -> None:
    scene.annotate({"eks.amazonaws.com/token-expiration": "86400"})
    scene.restart()


def restart_only(scene: Scene) -> None:
    """Two hours later it is refused again."""
    scene.restart()


def one_hour(scene: Scene) -> None:
    """Longer, and not long enough."""
    scene.annotate({"eks.amazonaws.com/token-expiration": "3600"})
    scene.restart()


def annotation_only(scene: Scene) -> None:
    """The Pod that runs has the token that it was made with."""
    scene.annotate({"eks.amazonaws.com/token-expiration": "86400"})


def another_app(scene: Scene) -> None:
    """It reads the file each time; it is not the vendor's app any more."""
    scene.deploy()


FIXES = [restart_only, one_hour, annotation_only, another_app]
