"""Odd chains that work: what companies have everywhere, and the doctor must not raise on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tests.doctor.chains import BUCKET, OTHERS, PREFIX, Chain, allow, policy, statement
from tests.doctor.matrix import Row
from tests.doctor.plain_world import ACCOUNT, ISSUER, PROVIDER, ROLE_ARN, arn_of, secret
from tests.doctor.plain_world import REGION as PLACE

AGENT = ("DaemonSet", "kube-system", "eks-pod-identity-agent")
ARN = f"arn:aws:s3:::{BUCKET}"


def rows() -> list[Row]:
    """All of them."""
    return [*_environment(), *_pods(), *_accounts(), *_trust(), *_permissions(), *_pod_identity()]


def _env(name: str, in_container: str = "app", unseen: str = "", **values: Any) -> Row:
    return Row(name, lambda chain: chain.env(in_container, **values), unseen=unseen)


def _key(kind: str, optional: bool) -> dict[str, Any]:
    return {f"{kind}KeyRef": {"name": "not-there", "key": "id", "optional": optional}}


def _from(chain: Chain, kind: str, **data: str) -> None:
    """Variables of a ConfigMap or Secret for the container app."""
    if kind == "secretRef":
        chain.world.put("Secret", {"metadata": {"name": "all"}, "data": secret(**data)})
    else:
        chain.world.put("ConfigMap", {"metadata": {"name": "all"}, "data": data})
    chain.container()["envFrom"] = [{kind: {"name": "all"}}]
    chain.world.roll()


def _environment() -> list[Row]:
    bare = "arn:aws:iam::111122223333:role/app-role"
    token = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
    two = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    return [
        Row("nothing odd", lambda chain: None),
        _env("empty keys", **two),
        _env("empty keys in a sidecar", "proxy", **two),
        _env("a left-over secret key alone", AWS_SECRET_ACCESS_KEY="x"),
        _env("an empty key id with a secret key", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="x"),
        _env(
            "keys of an optional Secret that is not there",
            AWS_ACCESS_KEY_ID=_key("secret", True),
            AWS_SECRET_ACCESS_KEY=_key("secret", True),
        ),
        _env(
            "keys of an optional ConfigMap that is not there",
            AWS_ACCESS_KEY_ID=_key("configMap", True),
            AWS_SECRET_ACCESS_KEY=_key("configMap", True),
        ),
        Row("empty keys by envFrom of a ConfigMap", partial(_from, kind="configMapRef", **two)),
        Row("empty keys by envFrom of a Secret", partial(_from, kind="secretRef", **two)),
        Row("keys by envFrom that `env` makes empty", _emptied),
        _env("its region named by the author", AWS_REGION="ap-northeast-2"),
        _env("another region of the partition", AWS_DEFAULT_REGION="us-east-1"),
        _env("an endpoint for S3 alone", AWS_ENDPOINT_URL_S3="http://minio:9000"),
        _env("the regional endpoint of STS", AWS_ENDPOINT_URL_STS="https://sts.us-east-1.amazonaws.com"),
        _env(
            "STS by its VPC endpoint",
            AWS_ENDPOINT_URL_STS="https://vpce-1.sts.ap-northeast-2.vpce.amazonaws.com",
        ),
        _env(
            "an endpoint that is to be ignored",
            AWS_ENDPOINT_URL="http://minio:9000",
            AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true",
        ),
        _env(
            "a proxy that spares AWS",
            HTTPS_PROXY="http://proxy:3128",
            NO_PROXY="localhost,.amazonaws.com",
        ),
        _env("a proxy", unseen="sdk-environment", HTTPS_PROXY="http://proxy:3128"),
        _env("the image's CA bundle", unseen="sdk-environment", AWS_CA_BUNDLE="/etc/ssl/ca.pem"),
        Row("a mounted CA bundle", _bundle),
        _env("a session name of its own", AWS_ROLE_SESSION_NAME="app-1"),
        _env(
            "a session name that the kubelet fills in",
            POD={"fieldRef": {"fieldPath": "metadata.name"}},
            AWS_ROLE_SESSION_NAME="$(POD)",
        ),
        _env("the pair by hand as the webhook sets it", AWS_ROLE_ARN=bare,
             AWS_WEB_IDENTITY_TOKEN_FILE=token),
        _env("legacy STS endpoints", AWS_STS_REGIONAL_ENDPOINTS="legacy"),
        _env("no metadata service", AWS_EC2_METADATA_DISABLED="true"),
        Row("a chain of profiles", partial(_profiles, text=CHAIN)),
        Row("a chain of profiles that is chosen", partial(_profiles, text=CHAIN, profile="target")),
        Row("a profile with a region alone", partial(_profiles, text=REGION, profile="plain")),
        Row("keys in a profile that nobody uses",
            partial(_profiles, text="[profile x]\naws_access_key_id = x\n"
                    "aws_secret_access_key = x\n")),
        Row("sections of SSO and services", partial(_profiles, text=SECTIONS)),
    ]  # fmt: skip


TOKEN_FILE = "web_identity_token_file = /var/run/secrets/eks.amazonaws.com/serviceaccount/token"
CHAIN = f"""[profile base]
role_arn = {arn_of("app-role")}
{TOKEN_FILE}
[profile target]
role_arn = {arn_of("target")}
source_profile = base
role_session_name = hop
"""
REGION = "[profile plain]\nregion = ap-northeast-2\n"
SECTIONS = f"[sso-session x]\nsso_region = us-east-1\n[services y]\n{CHAIN}"


def _profiles(chain: Chain, text: str, profile: str = "") -> None:
    """AWS files with that text, and the role `target` that app-role may become."""
    own = {"Effect": "Allow", "Principal": {"AWS": arn_of("app-role")}, "Action": "sts:AssumeRole"}
    chain.world.roles["target"] = {"trust": policy(own), "inline": {}}
    chain.aws_config(text, **({"AWS_PROFILE": profile} if profile else {}))


def _emptied(chain: Chain) -> None:
    _from(chain, "configMapRef", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
    chain.env(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")


def _bundle(chain: Chain) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
    chain.world.put("ConfigMap", {"metadata": {"name": "ca"}, "data": {"ca.pem": pem}})
    chain.mount("/ca", configMap={"name": "ca"})
    chain.env(AWS_CA_BUNDLE="/ca/ca.pem")


def _keys_in_a_skipped_sidecar(chain: Chain) -> None:
    chain.env("proxy", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
    chain.mark(f"{PREFIX}skip-containers", "proxy")


def _pods() -> list[Row]:
    skip = f"{PREFIX}skip-containers"
    return [
        Row("three Pods", lambda chain: chain.world.roll(count=3)),
        Row("more Pods than it reads the logs of", lambda chain: chain.world.roll(count=51),
            unseen="app-log"),
        Row("a sidecar that is left out", lambda chain: chain.mark(skip, "proxy")),
        Row("keys in a sidecar that is left out", _keys_in_a_skipped_sidecar),
        Row("setup and sidecar left out", lambda chain: chain.mark(skip, "proxy,setup")),
        Row("left out: a name that is not there", lambda chain: chain.mark(skip, "gone")),
        Row("a default container that is the second", _second_is_default),
        Row("a log with an error that was got over", _got_over),
        Row("a log with errors of another kind", lambda chain: _says(chain, "HTTP error 500")),
        Row("a restarted container that went on", _restarted),
        Row("a volume of the author's", lambda chain: (chain.mount("/tmp", emptyDir={}),
                                                       chain.world.roll())),
        Row("a group for its files", _grouped),
        Row("a role made after its Pods", partial(_made, minutes=10), unseen="role-age"),
        Row("a role made after its Pods, sessions ago", partial(_made, minutes=90)),
        Row("another user", _user),
    ]  # fmt: skip


def _made(chain: Chain, minutes: int) -> None:
    """The role was made that long ago, under Pods that are a day old."""
    now = datetime.now(UTC)
    chain.role["made"] = now - timedelta(minutes=minutes)
    for (kind, _, name), body in chain.world.objects.items():
        if kind == "Pod" and name.startswith("app-"):
            body["metadata"]["creationTimestamp"] = (now - timedelta(days=1)).isoformat()


def _second_is_default(chain: Chain) -> None:
    chain.mark("kubectl.kubernetes.io/default-container", "proxy")
    chain.mark(f"{PREFIX}skip-containers", "app")


def _says(chain: Chain, text: str) -> None:
    chain.world.logs["app"] = text


def _got_over(chain: Chain) -> None:
    _says(chain, "An error occurred (AccessDenied) when calling x\nread hello.txt\n")


def _restarted(chain: Chain) -> None:
    [pod] = [v for (k, _, n), v in chain.world.objects.items() if k == "Pod" and n[:4] == "app-"]
    status = pod["status"]["containerStatuses"][0]
    status["lastState"] = {"terminated": {"exitCode": 1}}
    chain.world.logs["app previous"] = "An error occurred (AccessDenied) when calling x"
    chain.world.logs["app"] = "serving\n"


def _grouped(chain: Chain) -> None:
    chain.spec["securityContext"] = {"fsGroup": 1000, "runAsUser": 1000}
    chain.world.roll()


def _user(chain: Chain) -> None:
    chain.spec["securityContext"] = {"runAsUser": 1000}
    chain.world.roll()


def _accounts() -> list[Row]:
    return [
        Row("a token of an hour", partial(_annotated, key="token-expiration", value="3600")),
        Row("STS by its old endpoint", partial(_annotated, key="sts-regional-endpoints",
                                               value="false")),
        Row("another audience that all agree on", _other_audience),
        Row("a role with a path", _path),
        Row("annotations of other tools", partial(_noted, key="iam.amazonaws.com/role",
                                                  value=arn_of("kube2iam"))),
        Row("an annotation of Helm's", partial(_noted, key="meta.helm.sh/release-name", value="x")),
        Row("a provider with more audiences",
            lambda chain: chain.world.providers[PROVIDER].append("vault")),
        Row("providers of other clusters", lambda chain: chain.world.providers.update(
            {f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.x.amazonaws.com/id/A": []})),
    ]  # fmt: skip


def _noted(chain: Chain, key: str, value: str) -> None:
    chain.annotate(key, value)
    chain.world.roll()


def _annotated(chain: Chain, key: str, value: str) -> None:
    _noted(chain, PREFIX + key, value)


def _other_audience(chain: Chain) -> None:
    chain.world.providers[PROVIDER].append("vault")
    own = chain.own()
    own["Condition"]["StringEquals"][f"{ISSUER}:aud"] = "vault"
    chain.trust(own)
    _annotated(chain, "audience", "vault")


def _path(chain: Chain) -> None:
    chain.role["path"] = "team/apps/"
    _noted(chain, ROLE_ARN, arn_of("team/apps/app-role"))


def _trust() -> list[Row]:
    sub, aud = f"{ISSUER}:sub", f"{ISSUER}:aud"
    both = {sub: "system:serviceaccount:shop:app", aud: "sts.amazonaws.com"}
    known: dict[str, dict[str, Any]] = {
        "transport": {"Bool": {"aws:SecureTransport": "true"}},
        "region": {"StringEquals": {"aws:RequestedRegion": "ap-northeast-2"}},
        "time": {"DateLessThan": {"aws:CurrentTime": "2090-01-01T00:00:00Z"}},
        "epoch": {"NumericGreaterThan": {"aws:EpochTime": "1"}},
        "session name": {"StringLike": {"sts:RoleSessionName": "botocore-session-*"}},
        "provider": {"StringEquals": {"aws:FederatedProvider": PROVIDER}},
    }
    unseen: dict[str, dict[str, Any]] = {
        "address": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        "VPC": {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
        "VPC endpoint": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        "organisation": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    }
    forms: dict[str, dict[str, Any]] = {
        "StringLike without a pattern": {"StringLike": both},
        "ForAnyValue": {"ForAnyValue:StringEquals": both},
        "blind to case": {"StringEqualsIgnoreCase": both},
        "a list of subjects": {"StringEquals": both | {sub: ["x:y", both[sub]]}},
        "an audience by :oaud": {"StringEquals": both | {f"{ISSUER}:oaud": "sts.amazonaws.com"}},
        "a key in capitals": {"StringEquals": {f"{ISSUER}:SUB": both[sub], aud: both[aud]}},
        "no audience": {"StringEquals": {sub: both[sub]}},
        "a wide pattern that is narrowed": {"StringLike": {sub: "system:*"}, "StringEquals": both},
    }
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    others = {"StringNotEquals": {sub: both[sub]}}
    placed = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    denials = {
        "a Deny for all others": [Chain.own, deny | {"Condition": others}],
        "a Deny that closes what an Allow opens": [
            lambda _: statement(ISSUER, {"StringEquals": {aud: both[aud]}}),
            deny | {"Condition": others},
        ],
    }
    return [
        *(
            Row(f"the {name} asked of the call", partial(_asked, condition=condition))
            for name, condition in known.items()
        ),
        *(
            Row(f"the {name} asked of the call", partial(_asked, condition=condition),
                unseen="trust-policy")
            for name, condition in unseen.items()
        ),
        *(
            Row(f"trust policy: {name}", partial(_statement, condition=condition))
            for name, condition in forms.items()
        ),
        *(Row(name, partial(_trusted, parts=parts)) for name, parts in denials.items()),
        Row("a Deny unless from the network", partial(
            _trusted, parts=[Chain.own, deny | {"Condition": placed}]), unseen="trust-policy"),
        Row("a single statement without a list", _single),
        Row("two providers in one statement", _two_providers),
        Row("all of sts:*", lambda chain: chain.trust(chain.own() | {"Action": "sts:*"})),
        Row("statements with names", lambda chain: chain.trust(chain.own() | {"Sid": "Own"})),
        Row("another's slip beside it", lambda chain: chain.trust(chain.own(), statement(
            ISSUER, {"StringEquals": {sub: "system:serviceaccount:shop:Other", aud: both[aud]}}))),
    ]  # fmt: skip


def _asked(chain: Chain, condition: dict[str, Any]) -> None:
    chain.trust(chain.own(**condition))


def _statement(chain: Chain, condition: dict[str, Any]) -> None:
    chain.trust(statement(ISSUER, condition))


def _trusted(chain: Chain, parts: list[Any]) -> None:
    chain.trust(*(each(chain) if callable(each) else each for each in parts))


def _single(chain: Chain) -> None:
    chain.role["trust"] = {"Version": "2012-10-17", "Statement": chain.own()}


def _two_providers(chain: Chain) -> None:
    green = OTHERS[0]["Principal"]["Federated"]
    chain.trust(chain.own() | {"Principal": {"Federated": [green, PROVIDER]}})


KEY = f"arn:aws:kms:{PLACE}:{ACCOUNT}:key/0123abcd-0000-4000-8000-000000000000"


def _sealed(
    chain: Chain,
    named: str = f"arn:aws:iam::{ACCOUNT}:root",
    allowing: str = "",
    by_s3: bool = False,
    state: str = "Enabled",
) -> None:
    """The bucket is encrypted with a key whose policy names that principal."""
    own = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "kms:*", "Resource": "*"}
    keeper = own | {"Principal": {"AWS": arn_of("other-role")}}
    chain.world.sealed[BUCKET] = KEY
    chain.world.keys[KEY] = {"state": state, "policy": policy(own, keeper)}
    if allowing:
        condition = {"StringEquals": {"kms:ViaService": f"s3.{PLACE}.amazonaws.com"}}
        more = {"Condition": condition} if by_s3 else {}
        chain.permit(allow(allowing, KEY, **more), name="key")


def _permissions() -> list[Row]:
    deny_http = {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                 "Resource": [ARN, f"{ARN}/*"],
                 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    placed = {**deny_http, "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}
    spared = {**deny_http, "Condition": {"ArnNotLike": {"aws:PrincipalArn": arn_of("app-*")}}}
    get, listing = allow("s3:GetObject", f"{ARN}/*"), allow("s3:ListBucket", ARN)
    return [
        Row("a bucket policy that wants TLS", partial(_bucket, statements=[deny_http])),
        Row("a bucket policy that wants a VPC endpoint", partial(_bucket, statements=[placed]),
            unseen="resource-policies"),
        Row("a bucket policy that spares the role", partial(_bucket, statements=[spared])),
        Row("a bucket under a key that is left to IAM", partial(_sealed, allowing="kms:Decrypt")),
        Row("a bucket under a key whose policy names the role", partial(
            _sealed, named=arn_of("app-role"))),
        Row("a bucket under a key by way of S3 alone", partial(
            _sealed, allowing="kms:Decrypt", by_s3=True)),
        Row("a prefix asked of a listing", lambda chain: chain.permit(get, listing | {
            "Condition": {"StringLike": {"s3:prefix": "in/*"}}})),
        Row("objects below a prefix", lambda chain: chain.permit(
            listing, allow("s3:GetObject", f"{ARN}/in/*"))),
        Row("a single statement", lambda chain: chain.role["inline"].update(
            read={"Version": "2012-10-17", "Statement": get})),
        Row("bucket and objects in one statement", lambda chain: chain.permit(
            allow(["s3:GetObject", "s3:ListBucket"], [ARN, f"{ARN}/*"]))),
        Row("a policy that is attached", _attached),
        Row("a boundary that allows it", _boundary),
        Row("a Deny on other objects", lambda chain: chain.permit(
            get, allow("s3:GetObject", f"{ARN}/secret/*", Effect="Deny"))),
        Row("permissions: the region asked of the call", lambda chain: chain.permit(get | {
            "Condition": {"StringEquals": {"aws:RequestedRegion": "ap-northeast-2"}}})),
        Row("the principal's kind asked", lambda chain: chain.permit(get | {
            "Condition": {"StringEquals": {"aws:PrincipalType": "AssumedRole"}}})),
        Row("the role's tag asked", _tagged),
    ]  # fmt: skip


def _bucket(chain: Chain, statements: list[dict[str, Any]]) -> None:
    chain.world.buckets[BUCKET] = policy(*statements)


def _attached(chain: Chain) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/read"
    chain.world.managed[arn] = chain.role["inline"].pop("read")
    chain.role["attached"] = [arn]


def _boundary(chain: Chain) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    chain.world.managed[arn] = policy(allow("s3:*", "*"))
    chain.role["boundary"] = arn


def _tagged(chain: Chain) -> None:
    chain.role["tags"] = {"team": "shop"}
    condition = {"StringEquals": {"aws:PrincipalTag/team": "shop"}}
    chain.permit(allow("s3:GetObject", f"{ARN}/*", Condition=condition))


def _pod_identity() -> list[Row]:
    tag = "aws:RequestTag/kubernetes"
    return [
        Row("EKS Pod Identity", Chain.with_pod_identity),
        Row("EKS Pod Identity for the namespace alone", lambda chain: chain.with_pod_identity(
            StringEquals={f"{tag}-namespace": "shop", f"{tag}-service-account": "app"})),
        Row("EKS Pod Identity for the cluster alone", lambda chain: chain.with_pod_identity(
            StringEquals={"aws:SourceAccount": ACCOUNT},
            ArnLike={"aws:SourceArn": f"arn:aws:eks:ap-northeast-2:{ACCOUNT}:cluster/*"})),
        Row("EKS Pod Identity for Pods of a name", lambda chain: chain.with_pod_identity(
            StringLike={f"{tag}-pod-name": "app-*"})),
        Row("EKS Pod Identity in Auto Mode", _auto_mode),
        Row("EKS Pod Identity and a proxy that spares the agent", _agent_spared),
    ]  # fmt: skip


def _auto_mode(chain: Chain) -> None:
    chain.with_pod_identity()
    del chain.world.objects[AGENT]
    chain.world.auto_mode = True


def _agent_spared(chain: Chain) -> None:
    chain.with_pod_identity()
    chain.env(HTTP_PROXY="http://proxy:3128", NO_PROXY="169.254.170.23,.amazonaws.com")
