from typing import Any

from irsa_helpers import oidc
from irsa_helpers.labs.scene import Scene

GONE = ("2021", "2022", "2023", "2024")


def _statement(scene: Scene, year: str) -> dict[str, Any]:
    """What let the app in on the cluster of that year, which is gone."""
    own = oidc.issuer_host_path(oidc.issuer_url(scene.world))
    gone = f"{own.rpartition('/')[0]}/{year * 8}"
    statement: dict[str, Any] = scene.trust_policy()["Statement"][0]
    equals = statement["Condition"]["StringEquals"]
    return {
        **statement,
        "Principal": {"Federated": oidc.provider_arn(scene.world).replace(own, gone)},
        "Condition": {
            "StringEquals": {key.replace(own, gone): value for key, value in equals.items()}
        },
    }


def setup(scene: Scene) -> None:
    """Four clusters that are gone fill the trust policy; there is no room for a fifth."""
    statements = [_statement(scene, year) for year in GONE]
    scene.set_trust({"Version": "2012-10-17", "Statement": statements})
    scene.deploy()


def solution(scene: Scene) -> None:
    scene.set_trust(scene.trust_policy())


def one_for_another(scene: Scene) -> None:
    """The oldest makes room: it works, and three clusters that are gone are still trusted."""
    kept = [_statement(scene, year) for year in GONE[1:]]
    policy = scene.trust_policy()
    policy["Statement"] += kept
    scene.set_trust(policy)


def shorter_conditions(scene: Scene) -> None:
    """Without a subject a statement is shorter, and admits everybody."""
    scene.set_trust(scene.condition_trust({"StringEquals": {scene.key("aud"): oidc.AUDIENCE}}))


FIXES = [one_for_another, shorter_conditions]
