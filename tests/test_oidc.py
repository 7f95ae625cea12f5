"""Step 1: the issuer's documents, and the provider that makes IAM trust it."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from irsa_helpers import oidc
from irsa_helpers.errors import IrsaLabError
from irsa_helpers.worlds import World


@pytest.fixture
def unassociated(world: World) -> Iterator[World]:
    """The world without a provider; none is left behind either."""
    oidc.ensure_no_provider(world)
    yield world
    oidc.ensure_no_provider(world)


@pytest.fixture
def careful(unassociated: World) -> World:
    """The same world, asking for approval as a real one does."""
    real = copy.copy(unassociated)
    real.needs_approval = True
    return real


def test_the_discovery_document_leads_to_the_keys(world: World) -> None:
    document = oidc.discovery_document(world)
    assert document["issuer"] == oidc.issuer_url(world) == world.cluster.issuer_url
    assert document["jwks_uri"].startswith(document["issuer"])
    assert {"kid", "kty", "alg", "n", "e"} <= set(oidc.jwks(world)["keys"][0])


def test_the_thumbprint_is_that_of_the_last_certificate(world: World) -> None:
    host = oidc.issuer_host_path(oidc.issuer_url(world)).split("/")[0]
    last = x509.load_der_x509_certificate(world.tls_chain(host)[-1])
    assert oidc.thumbprint(world) == last.fingerprint(hashes.SHA1()).hex()
    assert len(oidc.thumbprint(world)) == hashlib.sha1(usedforsecurity=False).digest_size * 2


def test_an_unreachable_issuer_is_explained(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(host: str) -> list[bytes]:
        raise ConnectionRefusedError("no route")

    monkeypatch.setattr(world, "tls_chain", refuse)
    with pytest.raises(IrsaLabError, match=r"thumbprints=\(\)"):
        oidc.thumbprint(world)


def test_the_provider_is_made_once(unassociated: World) -> None:
    assert oidc.describe_provider(unassociated) is None
    made = oidc.ensure_provider(unassociated)
    assert (made.action, made.applied) == ("create", True)
    again = oidc.ensure_provider(unassociated)
    assert (again.action, again.applied) == ("none", False)


def test_the_provider_is_what_was_asked_for(unassociated: World) -> None:
    oidc.ensure_provider(unassociated)
    found = oidc.describe_provider(unassociated)
    assert found is not None
    assert found["Arn"] == oidc.provider_arn(unassociated)
    assert found["Url"] == oidc.issuer_host_path(oidc.issuer_url(unassociated))
    assert found["ClientIDList"] == ["sts.amazonaws.com"]
    assert found["ThumbprintList"] == [oidc.thumbprint(unassociated)]
    assert found["Tags"] == [{"Key": "irsa-lab", "Value": "enginrect-cluster"}]


def test_the_arn_follows_from_the_issuer(world: World) -> None:
    host_path = oidc.issuer_host_path(oidc.issuer_url(world))
    assert oidc.provider_arn(world) == f"arn:aws:iam::111122223333:oidc-provider/{host_path}"


def test_a_missing_audience_is_added_and_none_is_lost(unassociated: World) -> None:
    oidc.ensure_provider(unassociated, ["vault"], thumbprints=())
    change = oidc.ensure_provider(unassociated)
    assert (change.action, change.details) == ("update", ("add the audience sts.amazonaws.com",))
    found = oidc.describe_provider(unassociated)
    assert found is not None
    assert set(found["ClientIDList"]) == {"vault", "sts.amazonaws.com"}


def test_a_real_world_sees_the_plan_first(careful: World) -> None:
    plan = oidc.ensure_provider(careful)
    assert plan.pending
    assert f"issuer {oidc.issuer_url(careful)}" in plan.details
    assert oidc.describe_provider(careful) is None
    assert oidc.ensure_provider(careful, approve=True).applied
    assert oidc.ensure_provider(careful, ["vault"]).pending
    assert oidc.ensure_no_provider(careful).pending
    assert oidc.describe_provider(careful) is not None


def test_a_real_clusters_own_provider_is_never_deleted(careful: World) -> None:
    careful.name = "aws"
    iam = careful.aws("iam")
    iam.create_open_id_connect_provider(Url=oidc.issuer_url(careful), ClientIDList=["others"])
    with pytest.raises(IrsaLabError, match="was not made by the lab"):
        oidc.ensure_no_provider(careful, approve=True)
    assert oidc.describe_provider(careful) is not None


def test_no_provider_twice_is_nothing_to_do(unassociated: World) -> None:
    assert oidc.ensure_no_provider(unassociated).action == "none"
