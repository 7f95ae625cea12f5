"""The proxy's program, run in its Pod: `python -m irsa_course.node_proxy FOLDER REGION`."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from irsa_course.node_proxy import ADDRESS_ANNOTATION, ROLE_ANNOTATION
from irsa_helpers.ground.times import stamp

KEPT_SECONDS = 20


class Table:
    """Which address belongs to which role, as the API server told some time ago."""

    def __init__(self, token_folder: Path) -> None:
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.dynamic import DynamicClient

        host = os.environ["KUBERNETES_SERVICE_HOST"]
        settings = Configuration(host=f"https://{host}:{os.environ['KUBERNETES_SERVICE_PORT']}")
        settings.ssl_ca_cert = str(token_folder / "ca.crt")
        token = (token_folder / "token").read_text()
        settings.api_key = {"authorization": f"Bearer {token}"}
        settings.proxy = None
        client: Any = DynamicClient  # untyped upstream
        kinds = client(ApiClient(settings), cache_file="kinds.json").resources
        self._pods = kinds.get(api_version="v1", kind="Pod")
        self._known: dict[str, tuple[str, float]] = {}

    def role(self, address: str) -> str | None:
        """The role of the Pod at that address, read up to KEPT_SECONDS ago: the flaw of it all."""
        role, read_at = self._known.get(address, ("", 0.0))
        if time.monotonic() - read_at < KEPT_SECONDS and role:
            return role
        self._known = {
            annotations[ADDRESS_ANNOTATION]: (annotations[ROLE_ANNOTATION], time.monotonic())
            for annotations in self._annotations()
            if {ADDRESS_ANNOTATION, ROLE_ANNOTATION} <= set(annotations)
        }
        return self._known.get(address, (None, 0.0))[0]

    def _annotations(self) -> list[dict[str, str]]:
        listed = self._pods.get().to_dict()["items"]
        alive = [pod["metadata"] for pod in listed if "deletionTimestamp" not in pod["metadata"]]
        return [metadata.get("annotations", {}) for metadata in alive]


def credentials(role_arn: str, region: str) -> dict[str, str]:
    """The role's credentials, which the node's own role gets from STS."""
    import boto3

    sts = boto3.client("sts", region_name=region)
    keys = sts.assume_role(RoleArn=role_arn, RoleSessionName="kube2iam-style")["Credentials"]
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": keys["AccessKeyId"],
        "SecretAccessKey": keys["SecretAccessKey"],
        "Token": keys["SessionToken"],
        "Expiration": stamp(keys["Expiration"]),
    }


def create_app(table: Table, region: str) -> Any:
    """What a Pod takes for the metadata service; `/{address}` stands for where it calls from."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def session(_: Request) -> Response:
        seconds = {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}
        return PlainTextResponse("unused", headers=seconds)

    def name(request: Request) -> Response:
        role = table.role(request.path_params["address"])
        return PlainTextResponse(role.rpartition("/")[2] if role else "", 200 if role else 404)

    def keys(request: Request) -> Response:
        role = table.role(request.path_params["address"])
        if role is None or role.rpartition("/")[2] != request.path_params["name"]:
            return PlainTextResponse("", 404)
        return JSONResponse(credentials(role, region))

    place = "/{address}/latest/meta-data/iam/security-credentials/"
    return Starlette(
        routes=[
            Route("/{address}/latest/api/token", session, methods=["PUT"]),
            Route(place, name),
            Route(place + "{name}", keys),
        ]
    )


def main() -> None:
    """Serve on a free loopback port, and print its URL."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    app = create_app(Table(Path(sys.argv[1])), region=sys.argv[2])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
