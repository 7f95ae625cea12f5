"""The AWS endpoint for the tests of one module, and what most of them need in it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# The helpers beside this file are modules of their own.
sys.path.insert(0, str(Path(__file__).parent))

from aws_endpoint import (
    ISSUER,
    Endpoint,
    Issuer,
    Server,
    forget_records,
    settings_of,
    trust_policy,
)

from irsa_sandbox.aws import Aws, create
from irsa_sandbox.clock import Clock
from irsa_sandbox.issuer import SigningKeys


@pytest.fixture(scope="session")
def signing_keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    """The issuer's keys; made once, since that takes a while."""
    return SigningKeys.load_or_create(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def endpoint(
    tmp_path_factory: pytest.TempPathFactory, signing_keys: SigningKeys
) -> Iterator[Endpoint]:
    """A running endpoint for the tests of one module."""
    forget_records()
    clock = Clock()
    issuer = Issuer(SigningKeys(Path("/nowhere"), list(signing_keys.public_keys)), clock)
    settings = settings_of(tmp_path_factory.mktemp("aws"), clock, issuer)
    aws = create(settings)
    with Server(aws) as url:
        yield Endpoint(aws, settings, issuer, url)
    forget_records()


@pytest.fixture
def restart(endpoint: Endpoint) -> Callable[[], Aws]:
    """A second endpoint on the same folder, as after a crash: all that was in memory is gone."""

    def again() -> Aws:
        forget_records()
        aws = create(endpoint.settings)
        asyncio.run(aws.start())
        return aws

    return again


@pytest.fixture(scope="module")
def provider(endpoint: Endpoint) -> str:
    """The cluster's OIDC provider, registered."""
    answer = endpoint.client("iam").create_open_id_connect_provider(
        Url=ISSUER, ClientIDList=["sts.amazonaws.com"]
    )
    arn: str = answer["OpenIDConnectProviderArn"]
    return arn


@pytest.fixture(scope="module")
def role(endpoint: Endpoint, provider: str) -> str:
    """The role of the course, without permissions."""
    answer = endpoint.client("iam").create_role(
        RoleName="enginrect-irsa-role", AssumeRolePolicyDocument=json.dumps(trust_policy())
    )
    arn: str = answer["Role"]["Arn"]
    return arn
