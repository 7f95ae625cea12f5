"""Adding a service is adding one file: the one of CONTRIBUTING.md, called with boto3."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_endpoint import Endpoint, Issuer, Server, assume, forget_records, settings_of, trust_policy
from botocore.exceptions import ClientError

from irsa_sandbox.aws import create, services
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys

CONTRIBUTING = Path(__file__).parents[4] / "CONTRIBUTING.md"


def recipe() -> str:
    """The record that the page for contributors shows."""
    _, _, section = CONTRIBUTING.read_text(encoding="utf-8").partition("## An AWS service\n")
    [code] = re.findall(r"^   ```python\n(.*?)^   ```", section, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(code)


@pytest.fixture(scope="module")
def endpoint(
    tmp_path_factory: pytest.TempPathFactory, signing_keys: SigningKeys
) -> Iterator[Endpoint]:
    """An endpoint whose services stand in two folders: the sandbox's, and one with the topic."""
    folder = tmp_path_factory.mktemp("services")
    (folder / "sns.py").write_text(recipe(), encoding="utf-8")
    forget_records()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "__path__", [*services.__path__, str(folder)])
        services.registry.cache_clear()
        clock = Clock()
        issuer = Issuer(signing_keys, clock)
        settings = settings_of(tmp_path_factory.mktemp("aws"), clock, issuer)
        aws = create(settings)
        with Server(aws) as url:
            yield Endpoint(aws, settings, issuer, url)
    sys.modules.pop(f"{services.__name__}.sns")
    services.registry.cache_clear()
    forget_records()


@pytest.fixture(scope="module")
def topic(endpoint: Endpoint) -> str:
    """The ARN of a topic that the admin has made."""
    return str(endpoint.client("sns").create_topic(Name="orders")["TopicArn"])


def test_the_service_is_one_of_the_sandbox(endpoint: Endpoint) -> None:
    assert "sns" in services.registry()


def test_a_role_may_what_its_policy_allows_and_no_more(endpoint: Endpoint, topic: str) -> None:
    iam = endpoint.client("iam")
    iam.create_open_id_connect_provider(
        Url=endpoint.settings.issuer_url, ClientIDList=["sts.amazonaws.com"]
    )
    role = iam.create_role(RoleName="sender", AssumeRolePolicyDocument=json.dumps(trust_policy()))[
        "Role"
    ]["Arn"]
    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": topic}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="sender", PolicyName="send", PolicyDocument=document)
    sns = endpoint.client("sns", assume(endpoint, role)["Credentials"])
    assert sns.publish(TopicArn=topic, Message="one")["MessageId"]
    with pytest.raises(ClientError, match=f"to perform: SNS:DeleteTopic on resource: {topic}"):
        sns.delete_topic(TopicArn=topic)
    with pytest.raises(ClientError, match="the sandbox knows no permission"):
        sns.list_topics()


def test_a_wrong_input_is_refused_by_the_services_own_model(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match=r"'name' failed .* must not be null"):
        endpoint.client("sns").create_topic()


def test_its_state_outlives_a_restart(endpoint: Endpoint, topic: str) -> None:
    forget_records()
    asyncio.run(create(endpoint.settings).start())
    kept = endpoint.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert kept["TopicArn"] == topic


def test_a_service_that_is_not_there_is_refused_by_name(endpoint: Endpoint) -> None:
    with pytest.raises(ClientError, match=r"does not implement the service lambda.* s3, .* sts"):
        endpoint.client("lambda").list_functions()
