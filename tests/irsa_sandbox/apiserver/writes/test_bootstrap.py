"""What every cluster has comes back, and a webhook that refuses it does not stop the server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from irsa_sandbox.apiserver.writes import bootstrap
from tests.irsa_sandbox.apiserver.conftest import Http

SERVICE = "/api/v1/namespaces/default/services/kubernetes"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
RULE = {"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"]}
DEAD = {
    "metadata": {"name": "dead"},
    "webhooks": [
        {
            "name": "dead.example.com",
            "rules": [RULE],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"service": {"namespace": "default", "name": "nobody"}},
        }
    ],
}


def test_the_server_starts_with_a_webhook_that_refuses_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    http = Http(tmp_path)
    assert http("DELETE", SERVICE).status_code == 200
    assert http("POST", WEBHOOKS, DEAD).status_code == 201
    http.close()
    monkeypatch.setattr(bootstrap, "SECONDS_BETWEEN_LOOKS", 0.01)
    http = Http(tmp_path)
    assert http("GET", SERVICE).status_code == 404, "the webhook refuses it, and the server runs"
    assert http("DELETE", f"{WEBHOOKS}/dead").status_code == 200
    http.runner.run(asyncio.sleep(0.05))
    assert http("GET", SERVICE).json()["spec"]["clusterIP"] == "10.100.0.1"
    http.close()
