"""A copy of the world as a fix's AWS calls would leave it: what is read is changed, not AWS."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from irsa_helpers.doctor.evidence.remembered import Answers, Remembered, key_of

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case
    from irsa_helpers.worlds import World

Options = dict[str, str]
Told = tuple[str, dict[str, Any], Any]  # a call's name, what is asked, the answer from then on


class Supposed:
    """A world in which some calls of reading have other answers; all else is the world's own."""

    def __init__(self, world: World, answers: dict[str, Answers]) -> None:
        self._world = world
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def aws(self, service: str, *, region: str | None = None) -> Any:
        """A client of an AWS service, with the answers as they would be."""
        client = self._world.aws(service, region=region)
        told = self._answers.get(service)
        return Remembered(client, told) if told else client


def supposed(case: Case, fix: str) -> Case | None:
    """The case in a world in which the AWS calls of the fix were made; None where it has none."""
    answers: dict[str, Answers] = {}
    for service, operation, options in aws_calls(fix):
        change = CHANGES.get((service, operation))
        if change is None:
            continue
        told = answers.setdefault("s3" if service == "s3api" else service, {})
        for call, request, answer in change(case, options):
            told[key_of(call, request)] = answer if _is_error(answer) else (answer, None)
    if not answers:
        return None
    world = cast("World", Supposed(case.world, answers))
    return type(case)(world, f"{case.kind.name}/{case.name}", case.namespace)


def aws_calls(fix: str) -> Iterator[tuple[str, str, Options]]:
    """(service, operation, options) of each `aws` command of a fix."""
    for line in fix.splitlines():
        if line.startswith("aws "):
            _, service, operation, *words = shlex.split(line)
            yield service, operation, dict(zip(words[::2], words[1::2], strict=False))


def _is_error(answer: Any) -> bool:
    return isinstance(answer, tuple)


def _trust(case: Case, options: Options) -> Iterator[Told]:
    policy = json.loads(options["--policy-document"])
    name = options["--role-name"]
    role = case.world.aws("iam").get_role(RoleName=name)["Role"]
    changed = role | {"AssumeRolePolicyDocument": policy}
    yield "get_role", {"RoleName": name}, {"Role": changed}


def _made(case: Case, options: Options) -> Iterator[Told]:
    policy = json.loads(options["--assume-role-policy-document"])
    name = options["--role-name"]
    role = {"RoleName": name, "Arn": case.role_arn, "AssumeRolePolicyDocument": policy}
    yield "get_role", {"RoleName": name}, {"Role": role}


def _put(case: Case, options: Options) -> Iterator[Told]:
    asked = {"RoleName": options["--role-name"]}
    name, document = options["--policy-name"], json.loads(options["--policy-document"])
    names = case.world.aws("iam").list_role_policies(**asked)["PolicyNames"]
    yield "list_role_policies", asked, {"PolicyNames": list(dict.fromkeys([*names, name]))}
    yield "get_role_policy", asked | {"PolicyName": name}, {"PolicyDocument": document}


def _taken(case: Case, options: Options) -> Iterator[Told]:
    asked = {"RoleName": options["--role-name"]}
    names = case.world.aws("iam").list_role_policies(**asked)["PolicyNames"]
    kept = [name for name in names if name != options["--policy-name"]]
    yield "list_role_policies", asked, {"PolicyNames": kept}


def _on_bucket(_: Case, options: Options) -> Iterator[Told]:
    asked = {"Bucket": options["--bucket"]}
    yield "get_bucket_policy", asked, {"Policy": options.get("--policy")}


def _on_secret(_: Case, options: Options) -> Iterator[Told]:
    asked = {"SecretId": options["--secret-id"]}
    yield "get_resource_policy", asked, {"ResourcePolicy": options.get("--resource-policy")}


def _on_key(_: Case, options: Options) -> Iterator[Told]:
    asked = {"KeyId": options["--key-id"], "PolicyName": "default"}
    yield "get_key_policy", asked, {"Policy": options["--policy"]}


def _provider(case: Case, options: Options) -> Iterator[Told]:
    asked = {"OpenIDConnectProviderArn": case.provider_arn}
    before = list(case.provider["ClientIDList"]) if case.provider else []
    added = options.get("--client-id") or options["--client-id-list"]
    yield "get_open_id_connect_provider", asked, {"ClientIDList": [*before, added]}


CHANGES: dict[tuple[str, str], Callable[[Case, Options], Iterator[Told]]] = {
    ("iam", "update-assume-role-policy"): _trust,
    ("iam", "create-role"): _made,
    ("iam", "put-role-policy"): _put,
    ("iam", "delete-role-policy"): _taken,
    ("s3api", "put-bucket-policy"): _on_bucket,
    ("s3api", "delete-bucket-policy"): _on_bucket,
    ("secretsmanager", "put-resource-policy"): _on_secret,
    ("secretsmanager", "delete-resource-policy"): _on_secret,
    ("kms", "put-key-policy"): _on_key,
    ("iam", "create-open-id-connect-provider"): _provider,
    ("iam", "add-client-id-to-open-id-connect-provider"): _provider,
}
