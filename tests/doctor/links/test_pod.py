"""Faults that a Pod's own specification shows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.doctor.evidence.reading import SkipError
from irsa_helpers.doctor.links import pod, static_keys
from irsa_helpers.doctor.result import Link

ROLE = "arn:aws:iam::111122223333:role/enginrect-irsa-role"
MOUNT = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
GIVEN = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": f"{MOUNT}/token"}
KEY = "eks.amazonaws.com/role-arn"


def container(name: str = "app", mounted: bool = True, **environment: str) -> dict[str, Any]:
    mounts = [{"name": "aws-iam-token", "mountPath": MOUNT, "readOnly": True}]
    return {
        "name": name,
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "volumeMounts": mounts if mounted else [],
    }


def volume(audience: str = "sts.amazonaws.com", **projected: Any) -> dict[str, Any]:
    source = {"audience": audience, "expirationSeconds": 86400, "path": "token"}
    return {
        "name": "aws-iam-token",
        "projected": {"sources": [{"serviceAccountToken": source}], **projected},
    }


def live_pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "app-1", "creationTimestamp": "2026-11-23T10:00:00+00:00"},
        "spec": {"containers": list(containers), "volumes": [volume()], **spec},
    }


def case(
    live: dict[str, Any] | None = None,
    template: dict[str, Any] | None = None,
    annotations: dict[str, str] | None = None,
) -> Any:
    """A Deployment `app` with a Pod; its ServiceAccount has the role unless told otherwise."""
    found = live or live_pod(container(**GIVEN))
    written = template or {"spec": {"containers": [{"name": "app"}]}}
    stated = {KEY: ROLE} if annotations is None else annotations
    return SimpleNamespace(
        name="app",
        namespace="default",
        kind=SimpleNamespace(name="deployment"),
        owner="deployment/app",
        is_account=False,
        role_by_hand=None,
        wants_role=True,
        intended_account="enginrect-sa",
        token_volume=lambda: next((v for v in found["spec"]["volumes"]), None),
        template=written,
        pod_spec=written["spec"],
        pod=found,
        pods=[found],
        live_pods=[found],
        account={"metadata": {"managedFields": [{"time": "2026-11-23T11:00:00+00:00"}]}},
        account_name="enginrect-sa",
        annotations=stated,
        intended_annotations=stated,
        uses_pod_identity=False,
    )


def written(**members: Any) -> dict[str, Any]:
    """A Pod template whose container `app` has these members."""
    return {"spec": {"containers": [{"name": "app", **members}]}}


def variables(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


CHECKS = (
    pod.preset_variables,
    pod.skip_containers,
    pod.injection,
    static_keys.static_credentials,
    pod.token,
    pod.token_readable,
)


@pytest.mark.parametrize("check", CHECKS)
def test_a_pod_as_the_webhook_makes_it_has_no_fault(check: Any) -> None:
    assert check(case()).state == "ok"


def test_a_pod_older_than_the_annotation_is_told_by_its_age() -> None:
    link = pod.injection(case(live_pod(container(mounted=False))))
    assert link.state == "broken"
    assert "lacks AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, the token's mount" in link.found
    assert "made 2026-11-23T10" in link.found
    assert "changed 2026-11-23T11" in link.found
    assert link.fix == "kubectl rollout restart deployment app -n default"


def test_pods_that_are_older_than_the_annotation_are_counted() -> None:
    old = live_pod(container(mounted=False))
    old["metadata"]["name"] = "app-0"
    here = case()
    here.live_pods = [here.pod, old, here.pod, old | {"metadata": old["metadata"] | {"name": "b"}}]
    link = pod.injection(here)
    assert link.state == "broken"
    assert link.found.startswith("2 of 4 living Pods: app-0: container app lacks AWS_ROLE_ARN")


def test_a_pod_that_is_older_than_its_association_is_told() -> None:
    here = case(live_pod(container(mounted=False)))
    here.uses_pod_identity = True
    assert "made before the association" in pod.injection(here).found
    given = container(AWS_CONTAINER_CREDENTIALS_FULL_URI="http://169.254.170.23/v1/credentials")
    with_it = case(live_pod(given))
    with_it.uses_pod_identity = True
    assert pod.injection(with_it).state == "ok"


def test_a_pod_with_the_role_of_yesterday_is_told() -> None:
    old = container(**(GIVEN | {"AWS_ROLE_ARN": f"{ROLE}-old"}))
    assert "has AWS_ROLE_ARN=" in pod.injection(case(live_pod(old))).found


@pytest.mark.parametrize("name", ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"])
def test_a_variable_set_in_the_template_is_told_once(name: str) -> None:
    here = case(live_pod(container(**{name: "x"})), written(env=variables(**{name: "x"})))
    assert f"container app sets {name}=x" in pod.preset_variables(here).found
    assert pod.injection(here).state == "ok"


def test_a_skipped_container_is_told_once() -> None:
    template = written() | {
        "metadata": {"annotations": {"eks.amazonaws.com/skip-containers": "proxy,app"}}
    }
    live = live_pod(container(mounted=False))
    live["metadata"]["annotations"] = template["metadata"]["annotations"]
    here = case(live, template)
    assert pod.skip_containers(here).state == "broken"
    assert pod.injection(here).state == "ok"


def test_the_container_that_was_meant_to_be_left_out_is_offered() -> None:
    names = ({"name": "app"}, {"name": "proxy"}, {"name": "old"})
    annotations = {"eks.amazonaws.com/skip-containers": "app,old"}
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": [*names]}}
    first, told, other = pod.skip_containers(case(live_pod(), template)).fix.splitlines()
    assert '"eks.amazonaws.com/skip-containers": "old"' in first
    assert told == "# if proxy needs no role:"
    assert other.startswith("# kubectl patch")
    assert '"eks.amazonaws.com/skip-containers": "old,proxy"' in other


def test_a_sidecar_may_be_left_out() -> None:
    template = {
        "metadata": {"annotations": {"eks.amazonaws.com/skip-containers": "proxy"}},
        "spec": {"containers": [{"name": "app"}, {"name": "proxy"}]},
    }
    live = live_pod(container(**GIVEN), container("proxy", mounted=False))
    live["metadata"]["annotations"] = template["metadata"]["annotations"]
    here = case(live, template)
    assert pod.skip_containers(here).state == "ok"
    assert pod.injection(here).state == "ok"


KEY_PAIR = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_what_the_sdk_takes_first_is_told(name: str) -> None:
    link = static_keys.static_credentials(case(template=written(env=variables(**{name: "x"}))))
    assert f"container app has {name}" in link.found
    assert f"{name}-" in link.fix


@pytest.mark.parametrize(
    "written_variables",
    [
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
        {"AWS_SECRET_ACCESS_KEY": "left over"},
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "left over"},
    ],
)
def test_empty_keys_and_a_secret_alone_are_no_keys(written_variables: dict[str, str]) -> None:
    template = written(env=variables(**written_variables))
    assert static_keys.static_credentials(case(template=template)).state == "ok"


def test_half_a_pair_and_a_profile_without_a_name_stop_botocore() -> None:
    half = written(env=variables(AWS_ACCESS_KEY_ID="x"))
    assert "PartialCredentialsError" in static_keys.static_credentials(case(template=half)).error
    nameless = written(env=variables(AWS_PROFILE=""))
    assert "profile ()" in static_keys.static_credentials(case(template=nameless)).error


def test_the_keys_of_a_sidecar_are_taken_out_of_it_alone_or_left_if_it_has_no_role() -> None:
    keys = variables(**KEY_PAIR)
    spec: dict[str, Any] = {"containers": [{"name": "app"}, {"name": "proxy", "env": keys}]}
    [fix] = static_keys.static_credentials(case(template={"spec": spec})).fix.splitlines()
    assert fix.startswith("kubectl set env deployment/app -n default -c proxy ")
    annotations = {"eks.amazonaws.com/skip-containers": "proxy"}
    aside = {"metadata": {"annotations": annotations}, "spec": spec}
    assert static_keys.static_credentials(case(template=aside)).state == "ok"


def test_a_container_of_another_name_may_be_left_out_though_it_is_the_first() -> None:
    annotations = {"eks.amazonaws.com/skip-containers": "proxy"}
    names: list[dict[str, Any]] = [{"name": "proxy"}, {"name": "server"}]
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": names}}
    assert pod.skip_containers(case(template=template)).state == "ok"
    annotations["kubectl.kubernetes.io/default-container"] = "proxy"
    assert pod.skip_containers(case(template=template)).state == "broken"


def test_a_region_or_an_endpoint_is_no_fault() -> None:
    template = written(env=variables(AWS_REGION="us-east-1", AWS_ENDPOINT_URL="http://x"))
    assert static_keys.static_credentials(case(template=template)).state == "ok"


def test_a_token_for_another_audience_is_told() -> None:
    link = pod.token(case(live_pod(container(**GIVEN), volumes=[volume("vault")])))
    assert (link.found, link.expected) == ("the token's audience is vault", "sts.amazonaws.com")


def test_an_audience_that_the_service_account_asks_for_is_no_fault() -> None:
    live = live_pod(container(**GIVEN), volumes=[volume("vault")])
    annotations = {KEY: ROLE, "eks.amazonaws.com/audience": "vault"}
    assert pod.token(case(live, annotations=annotations)).state == "ok"


def test_a_copied_token_is_a_risk() -> None:
    copied = container(**(GIVEN | {"AWS_WEB_IDENTITY_TOKEN_FILE": "/tmp/token"}))
    link = pod.token(case(live_pod(copied)))
    assert link.state == "risk"
    assert "reads its token from /tmp/token" in link.found


def test_without_a_token_there_is_nothing_to_read() -> None:
    with pytest.raises(SkipError, match="no volume"):
        pod.token(case(live_pod(container(mounted=False), volumes=[])))


def readable(mode: int, **spec: Any) -> Link:
    live = live_pod(container(**GIVEN), volumes=[volume(defaultMode=mode)], **spec)
    return pod.token_readable(case(live))


def test_a_token_that_the_user_cannot_read_is_told() -> None:
    user = container("one", **GIVEN) | {"securityContext": {"runAsUser": 1000}}
    other = container("two", **GIVEN) | {"securityContext": {"runAsUser": 2000}}
    link = readable(0o400, containers=[user, other])
    assert link.state == "broken"
    assert "fsGroup" in link.fix
    assert readable(0o644, containers=[user, other]).state == "ok"


def test_a_shared_group_or_user_makes_it_readable() -> None:
    assert readable(0o400, securityContext={"fsGroup": 1000}).state == "ok"
    assert readable(0o400, securityContext={"runAsUser": 1000}).state == "ok"
    assert readable(0o400).state == "ok"


def test_a_volume_of_the_authors_in_the_webhooks_place_is_named() -> None:
    found = live_pod(container(**GIVEN))
    found["spec"]["volumes"] = [{"name": "aws-iam-token", "emptyDir": {}}]
    link = pod.injection(case(found))
    assert link.state == "broken"
    assert "a volume of the webhook's name, aws-iam-token" in link.found
    assert "rename the volume aws-iam-token" in link.fix


def test_a_pair_that_is_set_by_hand_as_the_webhook_would_is_no_fault() -> None:
    link = pod.preset_variables(case(template=written(env=variables(**GIVEN))))
    assert link.state == "ok"
    assert link.found.startswith("set by hand as the webhook would: container app sets ")


def test_without_a_pod_there_is_no_variable_to_look_at() -> None:
    nothing = case()
    nothing.template, nothing.pods = None, []
    with pytest.raises(SkipError, match="no Pod to look at"):
        pod.preset_variables(nothing)


def test_of_a_pod_without_a_template_only_half_a_pair_is_telling() -> None:
    for given, state in ((GIVEN, "ok"), ({"AWS_ROLE_ARN": ROLE}, "broken")):
        bare = case(live_pod(container(**given)))
        bare.template, bare.pod_spec = None, bare.pod["spec"]
        assert pod.preset_variables(bare).state == state
