"""What the SDK in the app's Pod is told: who it is, by which credentials, and what it may read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from irsa_helpers.errors import IrsaLabError
from irsa_helpers.labs.scene import OBJECT

if TYPE_CHECKING:
    from irsa_helpers.labs.scene import Scene

# botocore is what boto3 finds its credentials by, and is there sooner.
LOOK = """
import base64, botocore.session, json, os, socket, sys
def attempt(call):
    try:
        return True, call()
    except Exception as error:
        return False, str(error)
def arn():
    return session.create_client("sts").get_caller_identity()["Arn"]
def source():
    credentials = session.get_credentials()
    return credentials.method if credentials else "no credentials"
def token_of():
    with open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]) as file:
        payload = file.read().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims["kubernetes.io"].get("pod", {}).get("name", "no Pod")
session = botocore.session.get_session()
s3 = session.create_client("s3")
def text(bucket):
    return s3.get_object(Bucket=bucket, Key=sys.argv[1])["Body"].read().decode()
texts = [attempt(lambda: text(bucket)) for bucket in sys.argv[2:]]
print(json.dumps({"arn": attempt(arn), "texts": texts,
                  "source": attempt(source)[1], "token_of": attempt(token_of)[1],
                  "pod": os.environ.get("HOSTNAME", socket.gethostname())}))
"""
# botocore's names for where it found credentials. Source: botocore.credentials, METHOD.
TOKEN = "assume-role-with-web-identity"
SOURCES = {
    TOKEN: "its token",
    "env": "keys in its environment",
    "shared-credentials-file": "keys in a file",
    "config-file": "keys in a file",
    "assume-role": "another role",
    "custom-process": "a program of its own",
    "container-role": "EKS Pod Identity",
    "iam-role": "the node's metadata service",
}


@dataclass(frozen=True)
class Seen:
    """What the SDK in the app's Pod was told: its identity and the object, or the errors.

    `source` is botocore's name for where its credentials came from, `token_of` the Pod that its
    token was made for, `pod` the Pod that it ran in.
    """

    arn: str
    text: str
    read: bool
    other_text: str = ""
    other_read: bool = False
    source: str = ""
    token_of: str = ""
    pod: str = ""

    @property
    def credentials(self) -> str:
        """Where the credentials came from, in words."""
        if self.source == TOKEN and self.token_of != self.pod:
            return f"a token made for {self.token_of}"
        return SOURCES.get(self.source, self.source)

    @property
    def own_token(self) -> bool:
        """Whether the credentials came from a token that was made for this Pod."""
        return self.credentials == SOURCES[TOKEN]


def look(scene: Scene, other: str = "") -> Seen:
    """Ask in the Pod, by an SDK, who it is and for the object; also for that of another bucket."""
    buckets = [scene.bucket, *([other] if other else [])]
    try:
        answer = scene.run("python", "-c", LOOK, OBJECT, *buckets)
    except IrsaLabError as error:
        return Seen(error.message, error.message, read=False)
    if answer.exit_code != 0:
        last = (answer.stderr.strip() or f"exit code {answer.exit_code}").splitlines()[-1]
        return Seen(last, last, read=False)
    told = json.loads(answer.stdout)
    (read, text), (other_read, other_text) = [*told["texts"], (False, "")][:2]
    return Seen(
        told["arn"][1],
        text.strip(),
        read,
        other_text.strip(),
        other_read,
        told["source"],
        told["token_of"],
        told["pod"],
    )
