"""What else moves an SDK: region, endpoints, proxies, CA bundle and the session's name.

Source: AWS SDKs and Tools Reference Guide; what the SDKs do differently is said with each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from irsa_helpers.doctor.evidence.environment import Variable, variables
from irsa_helpers.doctor.evidence.mounted import mounted_file
from irsa_helpers.doctor.evidence.reading import SkipError, UnseenError
from irsa_helpers.doctor.fixes.shell import commands, unset_command
from irsa_helpers.doctor.links.pod import containers_of, left_out
from irsa_helpers.doctor.links.workload import no_role_is_wanted
from irsa_helpers.doctor.result import Link, State, broken, ok

if TYPE_CHECKING:
    from irsa_helpers.doctor.evidence.case import Case

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
# Source: botocore.configprovider; aws-sdk-js-v3, region-config-resolver; the AWS SDK for Java 2.x
# Developer Guide, "Select the AWS Region".
READ_BY = {
    "AWS_REGION": "the SDKs for Go, Java and JavaScript read it, botocore does not",
    "AWS_DEFAULT_REGION": "botocore reads it, the SDKs for Java and JavaScript do not",
}
# What botocore takes of settings that it reads, and what it says to anything else.
# Source: botocore.args, botocore.retries; seen with 1.43.
SETTINGS = {
    "AWS_STS_REGIONAL_ENDPOINTS": (
        re.compile("legacy|regional", re.IGNORECASE),
        "legacy or regional",
        "InvalidSTSRegionalEndpointsConfigError",
    ),
    "AWS_RETRY_MODE": (
        re.compile("legacy|standard|adaptive"),
        "legacy, standard or adaptive",
        "InvalidRetryModeError",
    ),
    "AWS_MAX_ATTEMPTS": (
        re.compile(r"0*[1-9]\d*"),
        "a whole number from 1",
        "InvalidMaxRetryAttemptsError",
    ),
}
STS_ENDPOINTS = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
HTTP_PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
AGENT = "169.254.170.23"
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)  # Source: STS's API model.
AWS_HOST = re.compile(r"\.(amazonaws\.com(\.cn)?|api\.aws)$")


@dataclass(frozen=True)
class Trouble:
    """A variable that leads an SDK astray: how sure it is, what happens, what was expected."""

    variable: Variable
    state: State
    found: str
    expected: str
    error: str


def environment(case: Case) -> Link:
    """Region, endpoints, proxies, CA bundle and session name let the SDK reach its STS."""
    no_role_is_wanted(case)
    spec = _spec(case)
    aside = left_out(case)
    troubles = [
        trouble
        for container in containers_of(spec)
        if container["name"] not in aside
        for trouble in _troubles(case, spec, container)
    ]
    faults = [trouble for trouble in troubles if trouble.state != "cannot-see"]
    if faults:
        return _told(case, faults)
    if troubles:
        raise UnseenError("; ".join(trouble.found for trouble in troubles))
    return ok("region, endpoints, proxies, CA bundle and session name lead to STS")


def _spec(case: Case) -> dict[str, Any]:
    if case.template is None and not case.pods:
        raise SkipError("no Pod to look at")
    return dict(case.pod["spec"]) if case.pods else dict(case.pod_spec)


def _told(case: Case, faults: list[Trouble]) -> Link:
    by_container: dict[str, list[str]] = {}
    for fault in faults:
        by_container.setdefault(fault.variable.container, []).append(fault.variable.name)
    link = broken(
        "\n".join(f"container {fault.variable.container}: {fault.found}" for fault in faults),
        expected="; ".join(dict.fromkeys(fault.expected for fault in faults)),
        error="; ".join(dict.fromkeys(fault.error for fault in faults)),
        fix=commands(*(unset_command(case, n, c) for c, n in by_container.items())),
    )
    sure = any(fault.state == "broken" for fault in faults)
    return link if sure else replace(link, state="risk")


def _troubles(case: Case, spec: dict[str, Any], container: dict[str, Any]) -> Iterator[Trouble]:
    stated = {
        name: variable for name, variable in variables(case, container).items() if variable.value
    }
    yield from _region(case, stated)
    yield from _endpoint(stated)
    yield from _proxy(case, stated)
    yield from _bundle(case, spec, container, stated)
    yield from _session_name(stated)
    yield from _settings(stated)
    yield from _fips(case, stated)


def _region(case: Case, stated: dict[str, Variable]) -> Iterator[Trouble]:
    """Which of the two variables counts hangs on the SDK; see READ_BY."""
    for variable in (stated[name] for name in REGIONS if name in stated):
        region = variable.value or ""
        if region == case.world.region:
            continue
        expected = f"a region of the partition {case.partition}, such as {case.world.region}"
        partition, readers = _partition_of(region), READ_BY[variable.name]
        if partition and partition != case.partition:
            told = f"{variable.name}={region} is of the partition {partition} ({readers})"
            error = "InvalidClientTokenId, or InvalidIdentityToken: STS of another partition"
            yield Trouble(variable, "broken", told, expected, error)
        elif region not in _regions(case.partition):
            told = f"{variable.name}={region} is no region that botocore knows ({readers})"
            error = f"Could not connect to the endpoint URL: https://sts.{region}.amazonaws.com/"
            yield Trouble(variable, "broken", told, expected, error)


@lru_cache
def _partition_of(region: str) -> str:
    """The partition of a region's name; empty for a name of no region's form."""
    import botocore.session
    from botocore.exceptions import UnknownRegionError

    try:
        return str(botocore.session.Session().get_partition_for_region(region))
    except UnknownRegionError:
        return ""


@lru_cache
def _regions(partition: str) -> frozenset[str]:
    """The regions in which a partition has STS."""
    import botocore.session

    return frozenset(botocore.session.Session().get_available_regions("sts", partition))


def _endpoint(stated: dict[str, Variable]) -> Iterator[Trouble]:
    ignored = stated.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    if ignored is not None and (ignored.value or "").lower() == "true":
        return
    variable = next((stated[name] for name in STS_ENDPOINTS if name in stated), None)
    if variable is None:
        return
    host = urlsplit(variable.value or "").hostname or ""
    if AWS_HOST.search(host) and (host.startswith("sts") or ".sts." in host):
        return
    sure = AWS_HOST.search(host) is not None
    yield Trouble(
        variable,
        "broken" if sure else "risk",
        f"{variable.name}={variable.value}: STS is called there, too",
        "AWS_ENDPOINT_URL_S3, or that of another service, for one service's endpoint",
        "Could not connect to the endpoint URL, or an error of what answers there",
    )


def _proxy(case: Case, stated: dict[str, Variable]) -> Iterator[Trouble]:
    spared = " ".join(
        variable.value or "" for name, variable in stated.items() if name.lower() == "no_proxy"
    )
    if case.uses_pod_identity and not _is_spared(AGENT, spared):
        for variable in (stated[name] for name in HTTP_PROXIES if name in stated):
            told = f"{variable.name} without NO_PROXY={AGENT}: the agent is asked by the proxy"
            error = "Error when retrieving credentials from container-role"
            yield Trouble(variable, "broken", told, f"NO_PROXY with {AGENT}", error)
            return
    host = f"sts.{case.world.region}.amazonaws.com"
    for variable in (stated[name] for name in PROXIES if name in stated):
        if not _is_spared(host, spared):
            told = (
                f"whether the proxy {variable.value} lets container {variable.container} reach "
                f"{host} (the SDK for JavaScript asks a proxy only where its code says so)"
            )
            yield Trouble(variable, "cannot-see", told, "", "")
            return


def _is_spared(host: str, listed: str) -> bool:
    """Whether NO_PROXY names a host: whole, or by the end of its name."""
    names = [name.strip().removeprefix("*") for name in re.split(r"[,\s]+", listed) if name.strip()]
    return any(
        name == "" or host == name or host.endswith(f".{name.lstrip('.')}") for name in names
    )


def _bundle(
    case: Case, spec: dict[str, Any], container: dict[str, Any], stated: dict[str, Variable]
) -> Iterator[Trouble]:
    """botocore and the SDK for Go read AWS_CA_BUNDLE; that for JavaScript wants an agent in code.

    REQUESTS_CA_BUNDLE is Python's. Source: AWS SDK for JavaScript Developer Guide, "Registering
    Certificate Bundles in Node.js".
    """
    for variable in (stated[name] for name in BUNDLES if name in stated):
        text = mounted_file(case, spec, container, variable.value or "")
        what = f"{variable.name}={variable.value}"
        if text is None:
            yield Trouble(variable, "cannot-see", f"whether {what} knows AWS's roots", "", "")
        elif "-----BEGIN CERTIFICATE-----" not in text:
            told = f"{what}: " + ("no certificate is in it" if text else "it is not mounted")
            error = "SSL validation failed, or: invalid path"
            yield Trouble(variable, "broken", told, "a file with AWS's root certificates", error)


def _session_name(stated: dict[str, Variable]) -> Iterator[Trouble]:
    variable = stated.get("AWS_ROLE_SESSION_NAME")
    if variable is None or "$(" in (variable.value or ""):
        return  # what the kubelet fills in is not seen here
    if not SESSION_NAME.fullmatch(variable.value or ""):
        told = f"AWS_ROLE_SESSION_NAME={variable.value!r}"
        expected = "2 to 64 letters, digits or signs of _+=,.@-"
        error = "ValidationError: … failed to satisfy constraint: … [\\w+=,.@-]*"
        yield Trouble(variable, "broken", told, expected, error)


def _settings(stated: dict[str, Variable]) -> Iterator[Trouble]:
    """Values that botocore does not take: it makes no client then."""
    for name, (form, expected, error) in SETTINGS.items():
        variable = stated.get(name)
        if variable is not None and not form.fullmatch(variable.value or ""):
            yield Trouble(variable, "broken", f"{name}={variable.value!r}", expected, error)


def _fips(case: Case, stated: dict[str, Variable]) -> Iterator[Trouble]:
    """FIPS endpoints are asked for where STS has none: in most regions."""
    variable = stated.get("AWS_USE_FIPS_ENDPOINT")
    if variable is None or (variable.value or "").lower() != "true":
        return
    region = _chosen_region(case, stated)
    if region not in _fips_regions(case.partition):
        host = f"sts-fips.{region}.amazonaws.com"
        told = f"{variable.name}=true, and STS has no FIPS endpoint in {region}"
        expected = f"a region with one: {', '.join(sorted(_fips_regions(case.partition)))}"
        error = f"Could not connect to the endpoint URL: https://{host}/"
        yield Trouble(variable, "broken", told, expected, error)


def _chosen_region(case: Case, stated: dict[str, Variable]) -> str:
    named = (stated[name].value for name in REGIONS if name in stated)
    return next((region for region in named if region), case.world.region)


@lru_cache
def _fips_regions(partition: str) -> frozenset[str]:
    """The regions in which STS has a FIPS endpoint, as botocore knows them.

    Read anew: a client writes what it resolves into the data of its own session's loader.
    """
    from botocore.loaders import create_loader

    partitions = create_loader().load_data("endpoints")["partitions"]
    [services] = [known["services"] for known in partitions if known["partition"] == partition]
    return frozenset(
        str(region)
        for region, endpoint in services["sts"]["endpoints"].items()
        if any("fips" in variant["tags"] for variant in endpoint.get("variants", ()))
    )
