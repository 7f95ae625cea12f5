"""The app's own last word counts where every link of its chain holds."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.doctor.evidence.reading import SkipError
from irsa_helpers.doctor.links.app_log import app_log, crash, refused_action

REFUSAL = (
    "An error occurred (AccessDenied) when calling the PutObject operation: User: "
    "arn:aws:sts::111122223333:assumed-role/app-role/botocore-session-1 is not authorized to "
    'perform: s3:PutObject on resource: "arn:aws:s3:::not-mine/a" because …'
)
DEAD = {"terminated": {"exitCode": 254}}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff"}}


def status(name: str, state: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "state": {"running": {}} if state is None else state, **more}


def pod(*containers: dict[str, Any], init: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A Pod with those containers, as their status says."""
    return {
        "metadata": {"name": "app-1"},
        "spec": {
            "containers": [{"name": each["name"]} for each in containers],
            "initContainers": [{"name": each["name"]} for each in init],
        },
        "status": {"containerStatuses": list(containers), "initContainerStatuses": list(init)},
    }


def case(found: dict[str, Any], logs: dict[str, str], *others: dict[str, Any]) -> Any:
    """A Deployment `app` with that Pod; `logs` are by container, `NAME previous` the run before."""

    def answer(_method: str, path: str, **options: Any) -> tuple[str, dict[str, Any]]:
        return path, dict(options["query_params"])

    def call(_path: str, query: dict[str, Any]) -> Any:
        key = query["container"] + (" previous" if "previous" in query else "")
        text = logs.get(key)
        return SimpleNamespace(
            status=200 if text is not None else 400, read=str, data=(text or "").encode()
        )

    client = SimpleNamespace(param_serialize=answer, call_api=call)
    return SimpleNamespace(
        pod=found,
        pods=[found, *others],
        live_pods=[found, *others],
        world=SimpleNamespace(kubernetes=client),
        namespace="default",
        owner="deployment/app",
        kind=SimpleNamespace(name="deployment"),
        role_name="app-role",
        pods_older_than_role=[],
    )


def one(log: str, state: Any = None) -> Any:
    return case(pod(status("app", state)), {"app": log})


@pytest.mark.parametrize(
    "log",
    [
        "",
        "hello\n",
        "AccessDenied: no\nread hello.txt\n",
        "An error of another kind\n",
        "AccessDenied\nsleeping 5\nAccessDenied\nsleeping 5\nread hello.txt\nsleeping 5\n",
    ],
)
def test_a_log_that_ends_well_is_no_fault(log: str) -> None:
    assert app_log(one(log)).state == "ok"


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("An error occurred (ExpiredTokenException) when calling …", "ExpiredTokenException"),
        ("An error occurred (ExpiredToken) when calling the ListObjectsV2 …", "ExpiredToken"),
        ("Unable to locate credentials. You can configure …", "Unable to locate credentials"),
        (
            "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity …",
            "AssumeRoleWithWebIdentity",
        ),
        ("operation error S3: PutObject, https response error … api error AccessDenied: …",
         "AccessDenied"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority",
         "certificate signed by unknown authority"),
    ],
)  # fmt: skip
def test_an_aws_error_at_the_end_is_told_with_its_cause(line: str, sign: str) -> None:
    link = app_log(one(f"started\n{line}\n\n"))
    assert (link.state, link.error, link.found) == ("risk", sign, line)
    assert link.fix


@pytest.mark.parametrize("after", ["exit status 1", "retrying in 5 s", "shutting down"])
def test_an_error_is_seen_that_is_not_in_the_very_last_line(after: str) -> None:
    assert app_log(one(f"started\n{REFUSAL}\n{after}\n")).error == "AccessDenied"


def test_a_loop_that_fails_each_time_did_not_go_on_well() -> None:
    turn = f"turn 1\n{REFUSAL}\nwaited 5 s\n"
    assert app_log(one(turn + turn.replace("1", "2"))).state == "risk"


def test_a_structured_log_is_read() -> None:
    lines = [{"level": "error", "msg": REFUSAL}, {"level": "info", "msg": "shutting down"}]
    here = one("\n".join(map(json.dumps, lines)))
    assert app_log(here).error == "AccessDenied"
    assert refused_action(here) == ("s3:PutObject", "arn:aws:s3:::not-mine/a")


def test_every_container_is_read_init_containers_and_sidecars_as_well() -> None:
    found = pod(status("app"), status("proxy"), init=(status("setup", {"terminated": {}}),))
    for name in ("app", "proxy", "setup"):
        link = app_log(case(found, {"app": "hello", "proxy": "", "setup": "done", name: REFUSAL}))
        assert link.found.startswith(f"container {name} of app-1: An error")


def test_the_run_before_is_read_and_counts_until_the_app_says_something_new() -> None:
    found = pod(status("app", lastState=DEAD))
    assert app_log(case(found, {"app": "start", "app previous": f"start\n{REFUSAL}"})).error
    well = case(found, {"app": "start\nread hello.txt", "app previous": f"start\n{REFUSAL}"})
    assert app_log(well).state == "ok"


def test_a_crash_leads_to_the_refusal_of_the_run_that_ended() -> None:
    found = pod(status("proxy"), status("app", BACK_OFF, lastState=DEAD))
    link = crash(case(found, {"proxy": "hello", "app": REFUSAL}), found)
    assert link is not None
    assert link.state == "broken"
    assert "container app of app-1" in link.found
    assert "s3:PutObject on arn:aws:s3:::not-mine/a" in link.fix
    assert crash(case(found, {"proxy": "hello", "app": "Killed"}), found) is None


def test_other_pods_logs_are_read_too() -> None:
    second = pod(status("app"))
    second["metadata"]["name"] = "app-2"
    assert "app-1" in app_log(case(pod(status("app")), {"app": REFUSAL}, second)).found


def test_a_container_that_does_not_run_has_no_last_word() -> None:
    with pytest.raises(SkipError, match="no container has run"):
        app_log(one("ExpiredToken", {"waiting": {}}))


def test_a_session_of_a_role_that_is_gone_is_told_apart_from_keys() -> None:
    """The role was made anew under the Pod; the AWS CLI in it goes on with its session."""
    here = one("An error occurred (InvalidClientTokenId) when calling the ListBuckets operation")
    assert "the app uses keys of its own" in app_log(here).fix
    here.pods_older_than_role = [here.pod]
    fix = app_log(here).fix
    assert "app-role was made anew after" in fix
    assert fix.endswith("kubectl rollout restart deployment app -n default")
