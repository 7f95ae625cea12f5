"""A fix that the API server would not take says so."""

from __future__ import annotations

import json
import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from irsa_helpers.doctor import LINKS, doctor
from irsa_helpers.doctor.evidence.case import Case
from irsa_helpers.doctor.fixes.dry_run import Patch, patch_of, refusal
from irsa_helpers.doctor.fixes.trial import tried
from irsa_helpers.doctor.result import Link
from irsa_helpers.serviceaccounts import ensure_service_account
from irsa_helpers.worlds import World
from tests.doctor.chains import BUCKET, GREEN, OTHERS, Chain, allow, policy
from tests.doctor.plain_world import arn_of
from tests.typed import apps_v1

PATCH = "kubectl patch deployment app -n shop -p '{\"spec\": {}}'"
ANNOTATE = "kubectl annotate serviceaccount app -n shop --overwrite eks.amazonaws.com/role-arn=x"


def case(status: int, text: str = "{}") -> tuple[Any, list[Any]]:
    """A case whose API server answers a change so, and what it was asked."""
    asked: list[Any] = []

    def serialize(method: str, path: str, **members: Any) -> tuple[Any, ...]:
        asked.append((method, path, dict(members["query_params"]), members["body"]))
        return ()

    answer = SimpleNamespace(status=status, read=str, data=text.encode())
    client = SimpleNamespace(param_serialize=serialize, call_api=lambda *_: answer)
    return SimpleNamespace(world=SimpleNamespace(kubernetes=client)), asked


def test_a_change_is_tried_with_a_dry_run_and_shown_as_it_is_where_it_is_taken() -> None:
    here, asked = case(200)
    link = Link("annotation", "broken", fix=f"# why\n{ANNOTATE}\n{PATCH}\naws iam get-role")
    assert tried(here, link) == link
    [annotated, patched] = asked
    assert annotated[:2] == ("PATCH", "/api/v1/namespaces/shop/serviceaccounts/app")
    assert annotated[3] == {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": "x"}}}
    assert patched[:2] == ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/app")
    assert {each[2]["dryRun"] for each in asked} == {"All"}


@pytest.mark.parametrize(
    ("status", "text", "told"),
    [
        (403, "{}", "# not tried: you may not make this change"),
        (422, json.dumps({"message": "no"}), "# the API server would refuse it: no"),
        (500, "oops", "# the API server would refuse it: oops"),
    ],
)
def test_a_change_that_is_not_taken_says_so(status: int, text: str, told: str) -> None:
    here, _ = case(status, text)
    assert tried(here, Link("x", "broken", fix=PATCH)).fix == f"{PATCH}\n{told}"


SET = "kubectl set env deployment/app -n shop -c web AWS_PROFILE- AWS_ACCESS_KEY_ID="
PLACE = "/apis/apps/v1/namespaces/shop"
HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/pod-identity-webhook"


@pytest.mark.parametrize(
    ("line", "path", "body", "kind"),
    [
        (
            SET,
            f"{PLACE}/deployments/app",
            {"spec": {"template": {"spec": {"containers": [{"name": "web", "env": [
                {"name": "AWS_PROFILE", "$patch": "delete"},
                {"name": "AWS_ACCESS_KEY_ID", "value": ""},
            ]}]}}}},
            "strategic",
        ),
        (
            "kubectl set serviceaccount statefulset db app -n shop",
            f"{PLACE}/statefulsets/db",
            {"spec": {"template": {"spec": {"serviceAccountName": "app"}}}},
            "strategic",
        ),
        (
            "kubectl label namespace shop team=a old-",
            "/api/v1/namespaces/shop",
            {"metadata": {"labels": {"team": "a", "old": None}}},
            "merge",
        ),
        (
            "kubectl patch mutatingwebhookconfiguration pod-identity-webhook --type json -p '[]'",
            HOOKS,
            [],
            "json",
        ),
    ],
)  # fmt: skip
def test_every_command_of_a_fix_is_tried_as_the_change_that_it_makes(
    line: str, path: str, body: Any, kind: str
) -> None:
    assert patch_of(line) == Patch(path, body, kind)


def test_a_restart_is_tried_and_other_lines_are_not() -> None:
    restart = patch_of("kubectl rollout restart daemonset app -n shop")
    assert restart is not None
    assert restart.path == f"{PLACE}/daemonsets/app"
    for line in ("kubectl describe pod app -n shop", "# kubectl patch", "aws iam get-role"):
        assert patch_of(line) is None


def test_the_api_server_takes_what_the_doctor_says_of_a_container(
    world: World, namespace: str
) -> None:
    """Keys taken out, by the real API server's dry run; a container that is not there is told."""
    spec = {
        "containers": [{"name": "app", "image": "busybox", "env": [{"name": "X", "value": "1"}]}],
        "nodeSelector": {"no": "node"},
    }
    template = {"metadata": {"labels": {"a": "b"}}, "spec": spec}
    body = {
        "metadata": {"name": "app"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    }
    apps_v1(world).create_namespaced_deployment(namespace, body)
    command = f"kubectl set env deployment/app -n {namespace} -c {{}} X-"
    assert refusal(world, command.format("app")) == ""
    assert refusal(world, command.format("nobody")).startswith("the API server would refuse it: ")
    stored = world.resource("apps/v1", "Deployment").get(name="app", namespace=namespace)
    assert stored.spec.template.spec.containers[0].env[0].name == "X"


def aws(operation: str, **options: Any) -> str:
    words = (
        f"--{name.replace('_', '-')} {shlex.quote(v if isinstance(v, str) else json.dumps(v))}"
        for name, v in options.items()
    )
    return f"aws {operation} {' '.join(words)}"


def trial(chain: Chain, name: str, fix: str) -> str:
    """What becomes of a fix of a link of that chain."""
    of_app = Case(chain.world, "deployment/app", "shop")
    return tried(of_app, Link(name, "broken", fix=fix), LINKS[name]).fix


OWN = "update-assume-role-policy"


def test_a_trust_policy_that_lets_it_in_and_keeps_the_others_is_shown() -> None:
    chain = Chain()
    chain.trust()
    fix = aws(f"iam {OWN}", role_name="app-role", policy_document=policy(*OTHERS, chain.own()))
    assert trial(chain, "trust-policy", fix) == fix


@pytest.mark.parametrize(
    ("others", "who"),
    [
        (OTHERS[1:], f"oidc-provider/{GREEN} would lose"),
        ([*OTHERS, OTHERS[2] | {"Principal": {"AWS": arn_of("guest")}}], "role/guest would lose"),
    ],
)
def test_a_trust_policy_that_takes_or_gives_is_no_command_any_more(
    others: list[Any], who: str
) -> None:
    chain = Chain()
    chain.trust()
    document = policy(*others, chain.own())
    fix = aws(f"iam {OWN}", role_name="app-role", policy_document=document)
    shown = trial(chain, "trust-policy", fix)
    assert shown.endswith(f"\n# {fix}")
    assert who in shown.splitlines()[0]
    assert all(line.startswith("#") for line in shown.splitlines())


def test_what_does_not_mend_it_is_told() -> None:
    chain = Chain()
    chain.trust()
    fix = aws(f"iam {OWN}", role_name="app-role", policy_document=policy(*OTHERS))
    assert trial(chain, "trust-policy", fix).startswith(f"{fix}\n# then still: Denied: no trust")


def test_a_permission_policy_loses_nothing_and_gains_no_action() -> None:
    chain = Chain()
    document = policy(allow("s3:*", "*"))
    fix = aws("iam put-role-policy", role_name="app-role", policy_name="read",
              policy_document=document)  # fmt: skip
    shown = trial(chain, "permission-limits", fix)
    assert shown.startswith("# not as it stands, for by it app-role would gain s3:*")
    gone = aws("iam delete-role-policy", role_name="app-role", policy_name="read")
    assert "app-role would lose s3:GetObject" in trial(chain, "permission-limits", gone)


def test_a_bucket_policy_keeps_what_it_says_to_others() -> None:
    chain = Chain()
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    chain.world.buckets[BUCKET] = policy(denial)
    gone = aws("s3api delete-bucket-policy", bucket=BUCKET)
    shown = trial(chain, "resource-policies", gone)
    assert "role/stranger would lose or gain s3:GetObject" in shown
    sparing = {**denial, "Condition": {"ArnNotEquals": {"aws:PrincipalArn": arn_of("app-role")}}}
    kept = aws("s3api put-bucket-policy", bucket=BUCKET, policy=policy(sparing))
    assert trial(chain, "resource-policies", kept) == kept


def test_trying_changes_nothing(world: World, namespace: str) -> None:
    arn = "arn:aws:iam::111122223333:role/x"
    ensure_service_account(world, "app", namespace=namespace)
    template = {
        "metadata": {"labels": {"a": "b"}, "annotations": {"eks.amazonaws.com/role-arn": arn}},
        "spec": {"serviceAccountName": "app", "nodeSelector": {"no": "node"},
                 "containers": [{"name": "app", "image": "busybox"}]},
    }  # fmt: skip
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    apps_v1(world).create_namespaced_deployment(namespace, {"metadata": {"name": "app"},
                                                            "spec": spec})  # fmt: skip
    accounts = world.resource("v1", "ServiceAccount")
    before = accounts.get(name="app", namespace=namespace).to_dict()
    fix = doctor(world, "deployment/app", namespace=namespace)["annotation"].fix
    assert fix.startswith("kubectl annotate serviceaccount app")
    assert "would refuse" not in fix
    assert accounts.get(name="app", namespace=namespace).to_dict() == before
