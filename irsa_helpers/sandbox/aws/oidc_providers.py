"""IAM OIDC providers: IAM's rules for them, and the two calls that moto lacks.

Source: IAM API, CreateOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider and
RemoveClientIDFromOpenIDConnectProvider (botocore iam/2010-05-08); IAM quotas.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from irsa_helpers.errors import AwsError
from irsa_helpers.sandbox.aws.invocations import Invocation
from irsa_helpers.sandbox.aws.records import Records
from irsa_helpers.sandbox.aws.wire import Answer, query_answer

MOST_CLIENT_IDS = 100
MOST_THUMBPRINTS = 5
MOST_PROVIDERS = 100
_THUMBPRINT = re.compile(r"[0-9a-fA-F]{40}")


def install(records: Records) -> None:
    """Answer what moto does not."""
    records.rules["iam", "AddClientIDToOpenIDConnectProvider"] = _add_client_id
    records.rules["iam", "RemoveClientIDFromOpenIDConnectProvider"] = _remove_client_id


def check_provider(invocation: Invocation) -> None:
    """Return when IAM would make this provider. Raises AwsError with IAM's code and message."""
    parameters = invocation.parameters
    _check_url(str(parameters["Url"]))
    _check_thumbprints(parameters.get("ThumbprintList") or [])
    _check_client_ids(parameters.get("ClientIDList") or [])
    if len(_providers(invocation)) >= MOST_PROVIDERS:
        message = f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {MOST_PROVIDERS}"
        raise AwsError("LimitExceeded", 409, message)


def check_thumbprint_update(invocation: Invocation) -> None:
    """Return when IAM would take these thumbprints. Raises AwsError."""
    _check_thumbprints(invocation.parameters.get("ThumbprintList") or [])


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise AwsError("ValidationError", 400, "Invalid Open ID Connect Provider URL")


def _check_thumbprints(thumbprints: list[str]) -> None:
    if len(thumbprints) > MOST_THUMBPRINTS:
        message = "Thumbprint list must contain fewer than 5 entries."
        raise AwsError("InvalidInput", 400, message)
    if any(not _THUMBPRINT.fullmatch(each) for each in thumbprints):
        raise AwsError("InvalidInput", 400, "Thumbprint must be 40 hexadecimal characters.")


def _check_client_ids(client_ids: list[str]) -> None:
    if len(client_ids) > MOST_CLIENT_IDS:
        message = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST_CLIENT_IDS}"
        raise AwsError("LimitExceeded", 409, message)


def _add_client_id(invocation: Invocation) -> Answer:
    """An audience more; one that is there already makes no difference."""
    provider, client_id = _provider(invocation), str(invocation.parameters["ClientID"])
    if client_id not in provider.client_id_list:
        _check_client_ids([*provider.client_id_list, client_id])
        provider.client_id_list.append(client_id)
    return query_answer("iam", invocation.operation, {})


def _remove_client_id(invocation: Invocation) -> Answer:
    """An audience less; one that is not there makes no difference."""
    provider, client_id = _provider(invocation), invocation.parameters["ClientID"]
    provider.client_id_list = [each for each in provider.client_id_list if each != client_id]
    return query_answer("iam", invocation.operation, {})


def _provider(invocation: Invocation) -> Any:
    arn = str(invocation.parameters["OpenIDConnectProviderArn"])
    found = _providers(invocation).get(arn)
    if found is None:
        message = f"OpenIDConnect Provider not found for arn {arn}"
        raise AwsError("NoSuchEntity", 404, message)
    return found


def _providers(invocation: Invocation) -> dict[str, Any]:
    """ARN -> moto's record."""
    from moto.iam.models import iam_backends

    providers: dict[str, Any] = iam_backends[invocation.account_id]["aws"].open_id_providers
    return providers
