"""What the usual IRSA guides tell a learner to type, with the real kubectl."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

MANIFEST = """
apiVersion: v1
kind: ServiceAccount
metadata:
  name: enginrect-sa
  annotations:
    eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/enginrect-irsa-role
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: s3-access-app
spec:
  selector:
    matchLabels: {app: s3-access-app}
  template:
    metadata:
      labels: {app: s3-access-app}
    spec:
      serviceAccountName: enginrect-sa
      terminationGracePeriodSeconds: 1
      containers:
      - name: app
        image: busybox
        command: [sh, -c, "echo started; exec sleep 600"]
"""


@pytest.fixture
def app(kubectl: Any) -> Any:
    """The Deployment of the course, rolled out."""
    kubectl("apply", "-f", "-", input=MANIFEST)
    kubectl("rollout", "status", "deployment/s3-access-app", "--timeout=20s")
    return kubectl


def pod_name(kubectl: Any) -> str:
    answer = kubectl("get", "pods", "-l", "app=s3-access-app", "-o", "name").stdout
    return str(answer.split()[0])


def table(text: str) -> list[list[str]]:
    """The columns of a table, split where two spaces are."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("create", "serviceaccount", "a"), "serviceaccount/a created"),
        (("create", "configmap", "a", "--from-literal=x=y"), "configmap/a created"),
        (("create", "secret", "generic", "a", "--from-literal=x=y"), "secret/a created"),
        (("create", "deployment", "a", "--image=busybox"), "deployment.apps/a created"),
        (
            ("create", "role", "a", "--verb=get", "--resource=pods"),
            "role.rbac.authorization.k8s.io/a created",
        ),
        (("auth", "can-i", "get", "pods"), "yes"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_command_answers_as_usual(
    kubectl: Any, arguments: tuple[str, ...], expected: str
) -> None:
    assert kubectl(*arguments).stdout.strip() == expected


def test_apply_says_created_unchanged_configured(kubectl: Any) -> None:
    first = kubectl("apply", "-f", "-", input=MANIFEST).stdout
    assert first == "serviceaccount/enginrect-sa created\ndeployment.apps/s3-access-app created\n"
    again = kubectl("apply", "-f", "-", input=MANIFEST).stdout
    assert again.count("unchanged") == 2
    changed = kubectl("apply", "-f", "-", input=MANIFEST.replace("600", "601")).stdout
    assert "deployment.apps/s3-access-app configured" in changed


def test_a_misspelt_field_is_refused_before_anything_is_made(kubectl: Any) -> None:
    wrong = MANIFEST.replace("annotations:", "anotations:")
    answer = kubectl("apply", "-f", "-", input=wrong, check=False)
    assert answer.returncode == 1
    assert 'unknown field "metadata.anotations"' in answer.stderr


def test_get_prints_the_usual_columns(app: Any) -> None:
    header, row = table(app("get", "pods").stdout)
    assert header == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert row[1:4] == ["1/1", "Running", "0"]
    header, row = table(app("get", "deployments").stdout)
    assert header == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row[:4] == ["s3-access-app", "1/1", "1", "1"]
    header, *rows = table(app("get", "serviceaccounts").stdout)
    assert header[0] == "NAME"
    assert header[-1] == "AGE"
    assert [each[0] for each in rows] == ["default", "enginrect-sa"]


def test_describe_shows_what_the_webhook_injected(app: Any) -> None:
    text = app("describe", pod_name(app)).stdout
    role = "arn:aws:iam::111122223333:role/enginrect-irsa-role"
    assert re.search(rf"AWS_ROLE_ARN:\s+{role}", text)
    assert "/var/run/secrets/eks.amazonaws.com/serviceaccount from aws-iam-token (ro)" in text
    assert re.search(r"Normal\s+Scheduled", text)


def test_logs_and_exec_reach_the_process(app: Any) -> None:
    name = pod_name(app)
    assert app("logs", name).stdout == "started\n"
    assert app("exec", name, "--", "sh", "-c", "echo $AWS_REGION").stdout == "ap-northeast-2\n"
    piped = app("exec", "-i", name, "--", "cat", input="through stdin")
    assert piped.stdout == "through stdin"
    failed = app("exec", name, "--", "sh", "-c", "exit 7", check=False)
    assert failed.returncode == 7
    assert "command terminated with exit code 7" in failed.stderr


def test_the_token_stands_where_the_variable_says(app: Any) -> None:
    command = "cut -d. -f1 $AWS_WEB_IDENTITY_TOKEN_FILE"
    by_variable = app("exec", pod_name(app), "--", "sh", "-c", command).stdout
    path = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
    by_path = app("exec", pod_name(app), "--", "cat", path).stdout
    assert by_path.startswith(by_variable.strip())
    assert by_path.count(".") == 2


def test_an_annotation_reaches_new_pods_only(app: Any) -> None:
    other = "arn:aws:iam::111122223333:role/other"
    app("annotate", "sa", "enginrect-sa", "--overwrite", f"eks.amazonaws.com/role-arn={other}")
    variable = "{.items[0].spec.containers[0].env[?(@.name=='AWS_ROLE_ARN')].value}"
    query = ("get", "pods", "-o", f"jsonpath={variable}")
    assert app(*query).stdout.endswith("role/enginrect-irsa-role")
    app("rollout", "restart", "deployment/s3-access-app")
    app("rollout", "status", "deployment/s3-access-app", "--timeout=20s")
    pods = json.loads(app("get", "pods", "-o", "json").stdout)["items"]
    [pod] = [each for each in pods if "deletionTimestamp" not in each["metadata"]]
    env = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    assert env["AWS_ROLE_ARN"] == other


def test_rollout_history_and_undo(app: Any) -> None:
    app("set", "env", "deployment/s3-access-app", "COLOUR=blue")
    app("rollout", "status", "deployment/s3-access-app", "--timeout=20s")
    app("annotate", "deployment", "s3-access-app", "kubernetes.io/change-cause=a blue one")
    sets = json.loads(app("get", "replicasets", "-o", "json").stdout)["items"]
    newest = max(each["metadata"]["name"] for each in sets if each["spec"]["replicas"])
    changed = r"jsonpath={.metadata.annotations.kubernetes\.io/change-cause}=a blue one"
    app("wait", f"replicaset/{newest}", f"--for={changed}", "--timeout=20s")
    assert "2         a blue one" in app("rollout", "history", "deployment/s3-access-app").stdout
    app("rollout", "undo", "deployment/s3-access-app")
    app("rollout", "status", "deployment/s3-access-app", "--timeout=20s")
    annotations = "{.items[*].metadata.annotations}"
    found = app("get", "replicasets", "-o", f"jsonpath={annotations}").stdout
    assert '"deployment.kubernetes.io/revision-history":"1"' in found
    deployment = json.loads(app("get", "deployment", "s3-access-app", "-o", "json").stdout)
    assert "env" not in deployment["spec"]["template"]["spec"]["containers"][0]


def test_an_image_the_sandbox_cannot_run_says_so(kubectl: Any) -> None:
    kubectl("create", "deployment", "web", "--image=nginx")
    kubectl("wait", "deployment/web", "--for=jsonpath={.status.replicas}=1", "--timeout=10s")
    selector = ("-l", "app=web")
    reason = "{.status.containerStatuses[0].state.waiting.reason}"
    kubectl("wait", "pod", *selector, f"--for=jsonpath={reason}", "--timeout=10s")
    text = kubectl("describe", "pod", *selector).stdout
    assert re.search(r"ErrImagePull|ImagePullBackOff", text)
    assert 'the sandbox has no runtime for "nginx"' in text


def test_a_token_for_sts_has_the_claims_of_eks(kubectl: Any, namespace: str) -> None:
    token = kubectl("create", "token", "default", "--audience=sts.amazonaws.com").stdout.strip()
    from irsa_helpers.tokens import decode_unverified

    claims = decode_unverified(token).claims
    assert claims["aud"] == ["sts.amazonaws.com"]
    assert claims["sub"] == f"system:serviceaccount:{namespace}:default"
    assert claims["kubernetes.io"]["serviceaccount"]["name"] == "default"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("get", "pod", "none"), 'Error from server (NotFound): pods "none" not found'),
        (
            ("create", "serviceaccount", "default"),
            'serviceaccounts "default" already exists',
        ),
        (
            ("create", "token", "default", "--duration=60s"),
            "may not specify a duration less than 10 minutes",
        ),
        (
            ("get", "pods", "--as=alice"),
            'pods is forbidden: User "alice" cannot list resource "pods" in API group ""',
        ),
        (("create", "serviceaccount", "Bad_Name"), "a lowercase RFC 1123 subdomain must consist"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_refusal_has_the_api_servers_words(
    kubectl: Any, arguments: tuple[str, ...], message: str
) -> None:
    answer = kubectl(*arguments, check=False)
    assert answer.returncode == 1
    assert message in answer.stderr


def test_the_webhook_is_registered_and_fails_open(shell: Any) -> None:
    place = ("mutatingwebhookconfiguration", "pod-identity-webhook")
    found = json.loads(shell("kubectl", "get", *place, "-o", "json").stdout)
    assert found["webhooks"][0]["failurePolicy"] == "Ignore"


def test_a_pod_with_the_skip_label_gets_nothing(app: Any) -> None:
    skip = (
        '{"spec":{"template":{"metadata":{"labels":'
        '{"eks.amazonaws.com/skip-pod-identity-webhook":"true"}}}}}'
    )
    app("patch", "deployment", "s3-access-app", "-p", skip)
    app("rollout", "status", "deployment/s3-access-app", "--timeout=20s")
    chosen = ("-l", "eks.amazonaws.com/skip-pod-identity-webhook=true", "-o", "json")
    [pod] = json.loads(app("get", "pods", *chosen).stdout)["items"]
    assert "env" not in pod["spec"]["containers"][0]
