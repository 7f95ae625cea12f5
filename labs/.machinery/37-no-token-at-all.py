from irsa_helpers.labs.goals import permits_only_read, reads_later, trusts_only_app
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import Scene
from irsa_helpers.labs.temptations import static_keys

MORE_THAN_A_DAY = 90_000
PREPARE = (
    "echo /var/run/secrets/eks.amazonaws.com/serviceaccount/token > /app/token"
    " && exec sleep infinity"
)


def setup(scene: Scene) -> None:
    """A wrapper prepares the token's file, and writes the path of the token into it."""
    variables = {"AWS_ROLE_ARN": scene.role_arn, "AWS_WEB_IDENTITY_TOKEN_FILE": "/app/token"}
    container = {
        "command": ["sh", "-c", PREPARE],
        "volumeMounts": [{"name": "app", "mountPath": "/app"}],
    }
    volumes = [{"name": "app", "emptyDir": {}}]
    scene.deploy(environment=variables, container=container, pod={"volumes": volumes})


def check(scene: Scene) -> list[Goal]:
    """Each goal with what was seen; a day passes meanwhile."""
    later = reads_later(scene, MORE_THAN_A_DAY)
    return [later, trusts_only_app(scene), permits_only_read(scene)]


def solution(scene: Scene) -> None:
    """Without the wrapper and its two variables: the webhook names the token's own file."""
    scene.deploy()


def copy_what_is_in_it(scene: Scene) -> None:
    """The token in place of its path: it works, until that token ends."""
    scene.deploy_with_copied_token()


FIXES = [copy_what_is_in_it, static_keys]
