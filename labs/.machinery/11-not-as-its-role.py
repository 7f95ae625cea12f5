from irsa_helpers.labs.scene import Scene


def setup(scene: Scene) -> None:
    scene.deploy(
        environment={"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "old"}
    )


def solution(scene: Scene) -> None:
    scene.deploy()


def keys_that_work(scene: Scene) -> None:
    """The keys work, but the app is a person then."""
    scene.deploy(environment=scene.static_keys())


def keys_of_the_right_role(scene: Scene) -> None:
    """The right role, for an hour: nobody renews what was copied."""
    scene.deploy(environment=scene.session_keys())


FIXES = [keys_that_work, keys_of_the_right_role]
