import base64
import json
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from irsa_helpers.ground.times import stamp
from irsa_helpers.labs.goals import chain_goals
from irsa_helpers.labs.model import Goal
from irsa_helpers.labs.scene import OBJECT, PERMISSIONS, SERVICE_ACCOUNT, Scene
from irsa_helpers.worlds.lookups import kubernetes_object

ENDED = "what was found in public opens nothing any more"
PASTE = "paste"
AN_HOUR = timedelta(hours=1)


def setup(scene: Scene) -> None:
    """The app runs with a session in its environment, which somebody else has as well."""
    keys = scene.become(scene.namespace, SERVICE_ACCOUNT, "copied")
    text = json.dumps({**keys, "Expiration": keys["Expiration"].isoformat()})
    secret = {"metadata": {"name": PASTE}, "stringData": {"credentials": text}}
    scene.world.resource("v1", "Secret").create(namespace=scene.namespace, body=secret)
    scene.deploy(
        environment={
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }
    )


def _found(scene: Scene) -> dict[str, Any] | None:
    """The session as it was found: what STS answered, with its end as text."""
    secrets = scene.world.resource("v1", "Secret")
    secret = kubernetes_object(secrets, PASTE, scene.namespace)
    if secret is None:
        return None
    keys: dict[str, Any] = json.loads(base64.b64decode(secret.data["credentials"]))
    return keys


def check(scene: Scene) -> list[Goal]:
    return [*chain_goals(scene), _ended(scene)]


def _ended(scene: Scene) -> Goal:
    """Whether the session that was found still reads the bucket."""
    expected, keys = "S3 refuses it", _found(scene)
    if keys is None:
        gone = f"the Secret {PASTE} is gone, so nobody can try: reset the lab"
        return Goal(ENDED, reached=False, found=gone, expected=expected)
    try:
        s3 = scene.world.aws("s3", credentials=keys)
        s3.get_object(Bucket=scene.bucket, Key=OBJECT)
    except ClientError as error:
        return Goal(ENDED, reached=True, found=error.response["Error"]["Code"], expected=expected)
    return Goal(ENDED, reached=False, found="it still reads the bucket", expected=expected)


def solution(scene: Scene) -> None:
    """The app gets sessions of its own, and what was given before that moment ends."""
    keys = _found(scene)
    assert keys is not None
    given = datetime.fromisoformat(keys["Expiration"]) - AN_HOUR
    before = stamp(given + timedelta(seconds=1))
    statement = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": before}},
    }
    scene.world.aws("iam").put_role_policy(
        RoleName=scene.role,
        PolicyName="AWSRevokeOlderSessions",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    scene.deploy()


def the_app_only(scene: Scene) -> None:
    """The app has a session of its own again; the one that was found is as good as before."""
    scene.deploy()


def trust_anew(scene: Scene) -> None:
    """Whom a role trusts counts when a session is given, and never again."""
    scene.set_trust(scene.condition_trust({"StringEquals": {scene.key("sub"): "nobody"}}))
    scene.set_trust(scene.trust_policy())
    scene.deploy()


def close_the_role(scene: Scene) -> None:
    """Nobody reads any more, and the app neither."""
    scene.world.aws("iam").delete_role_policy(RoleName=scene.role, PolicyName=PERMISSIONS)
    scene.deploy()


FIXES = [the_app_only, trust_anew, close_the_role]
