"""Webhooks that a learner registers: a real server over TLS, whose answers are its paths' names."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from irsa_sandbox.certificates import Authority


def appended(request: dict[str, Any], text: str) -> dict[str, Any]:
    """A response that appends to the Pod's annotation `seen`."""
    body = request["object"] or {}
    seen = (body.get("metadata") or {}).get("annotations", {}).get("seen", "") + text
    patch = [{"op": "add", "path": "/metadata/annotations", "value": {"seen": seen}}]
    return patched(patch)


def patched(patch: list[dict[str, Any]]) -> dict[str, Any]:
    """A response that changes the object."""
    encoded = base64.b64encode(json.dumps(patch).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


def answer(path: str, review: dict[str, Any]) -> Any:
    """What the webhook at a path answers; its behaviour is its name."""
    request = review["request"]
    denied = {"allowed": False, "status": {"code": 403, "reason": "Forbidden", "message": "no"}}
    gone = [{"op": "remove", "path": "/spec/nothing"}]
    responses: dict[str, dict[str, Any]] = {
        "/allow": {"allowed": True},
        "/warn": {"allowed": True, "warnings": ['an "old" one', 'an "old" one', "another"]},
        "/warn-deny": denied | {"warnings": ["look"]},
        "/double": patched([{"op": "replace", "path": "/spec/replicas", "value": 2}]),
        "/deny": {"allowed": False},
        "/forbid": denied,
        "/no-type": {"allowed": True, "patch": "W10="},
        "/bad-patch": patched(gone),
        "/no-object": patched([{"op": "replace", "path": "", "value": 1}]),
        "/wrong-type": patched([{"op": "add", "path": "/metadata/labels", "value": {"a": 1}}]),
        "/other-uid": {"allowed": True, "uid": "other"},
    }
    text = path.rpartition("/")[2]
    response = responses.get(path) or appended(request, text)
    body = review | {"response": {"uid": request["uid"], **response}}
    return body | ({"apiVersion": "admission.k8s.io/v2"} if path == "/other-version" else {})


class Hook(BaseHTTPRequestHandler):
    """The webhooks of a learner."""

    server: HookServer

    def do_POST(self) -> None:
        path = self.path.partition("?")[0]
        review = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, review))
        self.server.interrupt, interrupt = None, self.server.interrupt
        if interrupt:
            interrupt()
        body = b"hello" if path == "/junk" else json.dumps(answer(path, review)).encode()
        self.send_response(500 if path == "/fail" else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class HookServer(ThreadingHTTPServer):
    """Keeps the AdmissionReviews that it was asked; `interrupt` is called during the next."""

    def __init__(self, authority: Authority) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.interrupt: Callable[[], Any] | None = None
        self.ca_bundle = base64.b64encode(authority.pem.encode()).decode()
        certificate = authority.issue("hook", "127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain_file, certificate.key_file)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def webhook(self, path: str, rule: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """A webhook at one of its paths, as a configuration has it."""
        url = f"https://127.0.0.1:{self.server_port}{path}"
        return {
            "name": f"{path.strip('/').replace('/', '-')}.example.com",
            "rules": [rule],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": url, "caBundle": self.ca_bundle},
            **changes,
        }


@contextmanager
def hook_server(folder: Path) -> Iterator[HookServer]:
    """A server of webhooks, with a certificate authority of its own."""
    server = HookServer(Authority(folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
