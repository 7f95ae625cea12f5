"""Which EKS cluster a kubeconfig's context is, and where it is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from irsa_helpers.doctor import doctor
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds import connect
from irsa_helpers.worlds.environment import sandbox_environment
from irsa_helpers.worlds.kubeconfig import KubeconfigWorld, identified, read_kubeconfig

ARN = "arn:aws-cn:eks:cn-north-1:111122223333:cluster/shop"


def kubeconfig(cluster: str, context: str = "c", **user: Any) -> dict[str, Any]:
    return {
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": cluster, "user": "u"}}],
        "clusters": [
            {
                "name": cluster,
                "cluster": {"server": "https://X.gr7.eu-west-1.eks.amazonaws.com"},
            }
        ],
        "users": [{"name": "u", "user": user}],
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (kubeconfig(ARN), {"name": "shop", "region": "cn-north-1"}),
        (kubeconfig("x", ARN), {"name": "shop", "region": "cn-north-1"}),
        (kubeconfig("shop.eu-west-1.eksctl.io"), {"name": "shop", "region": "eu-west-1"}),
        (kubeconfig("x", "me@shop.eu-west-1.eksctl.io"), {"name": "shop", "region": "eu-west-1"}),
        (kubeconfig("x"), {"region": "eu-west-1"}),
        (
            kubeconfig("x", exec={"args": ["--region", "us-east-1", "eks", "get-token",
                                           "--cluster-name", "shop"]}),
            {"name": "shop", "region": "us-east-1"},
        ),
    ],
)  # fmt: skip
def test_a_context_tells_its_cluster(found: dict[str, Any], expected: dict[str, str]) -> None:
    assert identified(found, None) == expected


@pytest.mark.parametrize(("stated", "expected"), [("shop", "shop"), (None, "default")])
def test_a_workload_is_looked_for_in_the_contexts_namespace(
    tmp_path: Path, stated: str | None, expected: str
) -> None:
    config = kubeconfig(ARN)
    if stated:
        config["contexts"][0]["context"]["namespace"] = stated
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config))
    assert KubeconfigWorld(kubeconfig=str(path)).namespace == expected


def test_a_context_that_is_not_there_and_a_cluster_that_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(IrsaLabError, match="has no context other; it has c"):
        identified(kubeconfig("x"), "other")
    with pytest.raises(IrsaLabError, match="there is no kubeconfig"):
        read_kubeconfig(str(tmp_path / "none"))
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig("x")))
    with pytest.raises(IrsaLabError, match="does not tell which EKS cluster"):
        KubeconfigWorld(kubeconfig=str(path))
    assert KubeconfigWorld(kubeconfig=str(path), cluster="shop").region == "eu-west-1"


def test_files_are_joined_and_the_first_one_counts(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(yaml.safe_dump(kubeconfig("x", "first")))
    two.write_text(yaml.safe_dump(kubeconfig("y", "second")))
    joined = read_kubeconfig(f"{one}:{two}")
    assert joined["current-context"] == "first"
    assert [each["name"] for each in joined["contexts"]] == ["first", "second"]


def test_the_doctor_looks_through_a_kubeconfig(
    sandbox: dict[str, Any], namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sandbox_environment(sandbox).items():
        monkeypatch.setenv(name, value)
    world = connect("kubeconfig")
    assert world.cluster.name == sandbox["cluster"]
    found = doctor(world, "sa/default", namespace=namespace)
    assert found["workload"].state == "ok", str(found)
    assert found["issuer"].state == "ok", str(found)
