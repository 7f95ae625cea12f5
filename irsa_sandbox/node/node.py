"""The node: its name, and the instance metadata service (IMDSv2) that every Pod on it can reach.

This is the problem that IRSA solves: whoever reaches this address has the node's role. On EC2 a
hop limit of 1 keeps Pods away from it; here a NetworkPolicy can, and without one it is open.
Source: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
"""

from __future__ import annotations

import asyncio
import json
import platform
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from irsa_helpers.ground.times import stamp
from irsa_sandbox.clock import Clock
from irsa_sandbox.identity import ACCOUNT_ID
from irsa_sandbox.values.numbers import whole_number

NODE_NAME = "ip-192-168-0-10.ap-northeast-2.compute.internal"
INSTANCE_ID = "i-0a1b2c3d4e5f60718"
INSTANCE_TYPE = "m5.large"
PRIVATE_IP = "192.168.0.10"
ZONE = "ap-northeast-2a"
LONGEST_SECONDS = 21_600
TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "x-aws-ec2-metadata-token"

Credentials = Callable[[], Awaitable[Mapping[str, str]]]
Reaches = Callable[[str], Awaitable[bool]]
# A packet that a policy drops is never answered; a client gives up sooner than this.
DROPPED_SECONDS = 5.0


async def everybody(_uid: str) -> bool:
    """No policy keeps a Pod away."""
    return True


def create_imds_app(
    credentials: Credentials,
    role_name: str,
    clock: Clock,
    account_id: str = ACCOUNT_ID,
    reaches: Reaches = everybody,
) -> Starlette:
    """IMDSv2: a session token first, then the node's metadata and its role's credentials.

    `credentials` gives AccessKeyId, SecretAccessKey, Token and Expiration (RFC 3339). A Pod calls
    below `/pods/UID`, since processes here share an address; `reaches` says of a uid whether its
    calls get through.
    """
    sessions: dict[str, float] = {}
    documents = _documents(role_name, account_id, clock)

    async def token(request: Request) -> Response:
        seconds = request.headers.get(TTL_HEADER, "")
        if not 1 <= (whole_number(seconds) or 0) <= LONGEST_SECONDS:
            return PlainTextResponse("", 400)
        made = secrets.token_urlsafe(40)
        sessions[made] = clock.time() + int(seconds)
        return PlainTextResponse(made, headers={TTL_HEADER: seconds})

    async def metadata(request: Request) -> Response:
        if sessions.get(request.headers.get(TOKEN_HEADER, ""), 0) <= clock.time():
            return PlainTextResponse("", 401)
        path = request.path_params["path"].strip("/")
        if path == f"meta-data/iam/security-credentials/{role_name}":
            return JSONResponse({"Code": "Success", "Type": "AWS-HMAC", **await credentials()})
        if path in documents:
            return PlainTextResponse(documents[path])
        listed = _listing(path, documents)
        return PlainTextResponse("\n".join(listed), 200 if listed else 404)

    def guarded(handler: Callable[[Request], Awaitable[Response]]) -> Any:
        async def answer(request: Request) -> Response:
            if await reaches(request.path_params["uid"]):
                return await handler(request)
            await asyncio.sleep(DROPPED_SECONDS)
            return PlainTextResponse("", 504)

        return answer

    return Starlette(
        routes=[
            Route("/pods/{uid}/latest/api/token", guarded(token), methods=["PUT"]),
            Route("/pods/{uid}/latest/{path:path}", guarded(metadata), methods=["GET"]),
        ]
    )


def _documents(role_name: str, account_id: str, clock: Clock) -> dict[str, str]:
    """Path below `/latest/` -> what stands there."""
    region = ZONE[:-1]
    now = stamp(clock.now())
    profile_arn = f"arn:aws:iam::{account_id}:instance-profile/{role_name}"
    identity = {
        "accountId": account_id,
        "architecture": "x86_64",
        "availabilityZone": ZONE,
        "instanceId": INSTANCE_ID,
        "instanceType": INSTANCE_TYPE,
        "pendingTime": now,
        "privateIp": PRIVATE_IP,
        "region": region,
        "version": "2017-09-30",
    }
    profile = {
        "Code": "Success",
        "LastUpdated": now,
        "InstanceProfileArn": profile_arn,
        "InstanceProfileId": "AIPAIRSALABNODEPROFIL",
    }
    return {
        "dynamic/instance-identity/document": json.dumps(identity, indent=2),
        "meta-data/iam/info": json.dumps(profile, indent=2),
        "meta-data/iam/security-credentials": role_name,
        "meta-data/instance-id": INSTANCE_ID,
        "meta-data/instance-type": INSTANCE_TYPE,
        "meta-data/local-hostname": NODE_NAME,
        "meta-data/local-ipv4": PRIVATE_IP,
        "meta-data/placement/availability-zone": ZONE,
        "meta-data/placement/region": region,
    }


def _listing(path: str, documents: Mapping[str, str]) -> list[str]:
    """The names one step below a path; those with more below end in a slash."""
    start = f"{path}/" if path else ""
    below = [document.removeprefix(start) for document in documents if document.startswith(start)]
    return sorted({name.partition("/")[0] + "/" * ("/" in name) for name in below})


# Condition -> status, reason, message of a node that is well. Source: pkg/kubelet/nodestatus.
CONDITIONS = {
    "MemoryPressure": (
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def node_object(kubelet_port: int, version: str, now: str) -> dict[str, object]:
    """The Node that the kubelet registers: Ready, on loopback, reachable at the kubelet's port."""
    conditions = [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        for kind, (status, reason, message) in CONDITIONS.items()
    ]
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": INSTANCE_TYPE,
        "beta.kubernetes.io/os": "linux",
        "eks.amazonaws.com/capacityType": "ON_DEMAND",
        "kubernetes.io/hostname": NODE_NAME,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": INSTANCE_TYPE,
        "topology.kubernetes.io/region": ZONE[:-1],
        "topology.kubernetes.io/zone": ZONE,
        "eks.amazonaws.com/nodegroup": "enginrect-nodes",
    }
    capacity = {"cpu": "2", "memory": "8Gi", "pods": "110", "ephemeral-storage": "20Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE_NAME, "labels": labels},
        "spec": {"providerID": f"aws:///{ZONE}/{INSTANCE_ID}"},
        "status": {
            "conditions": conditions,
            "addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"},
                {"type": "Hostname", "address": NODE_NAME},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
            "capacity": capacity,
            "allocatable": capacity,
            "nodeInfo": {
                "machineID": INSTANCE_ID.removeprefix("i-"),
                "systemUUID": str(uuid.uuid5(uuid.NAMESPACE_OID, INSTANCE_ID)),
                "bootID": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{INSTANCE_ID} {now}")),
                "kubeProxyVersion": version,
                "kubeletVersion": version,
                "osImage": "IRSA Lab sandbox (local processes)",
                "kernelVersion": platform.release(),
                "containerRuntimeVersion": "process://1.0.0",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }
