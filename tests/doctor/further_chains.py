"""More chains, odd and broken, of kinds that people's clusters have: apps without a role, settings
of SDKs, conditions that hang on the call, logs of other languages."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.doctor.chains import APP, ARNS, PREFIX, Chain, allow, policy, statement
from tests.doctor.healthy_chains import ARN, TOKEN_FILE
from tests.doctor.healthy_chains import _bucket as bucket_policy
from tests.doctor.healthy_chains import _says as says
from tests.doctor.matrix import Row
from tests.doctor.plain_world import ACCOUNT, ISSUER, ROLE_ARN, Document, arn_of

PAIR = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
EMPTY = dict.fromkeys(PAIR, "")
TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
STS = "sts.amazonaws.com"
KEYED = "[default]\naws_access_key_id = x\naws_secret_access_key = x\n"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
GET = allow("s3:GetObject", f"{ARN}/*")


def _env(name: str, link: str = "", in_container: str = "app", **values: Any) -> Row:
    return Row(name, lambda chain: chain.env(in_container, **values), link)


def healthy() -> list[Row]:
    """Chains that work."""
    return [*_without_role(), *_settings(), *_pods(), *_policies()]


def broken() -> list[Row]:
    """Chains with one fault each."""
    return [*_wrong_settings(), *_wrong_names(), *_wrong_policies(), *_wrong_logs()]


def _alone(chain: Chain, in_profile: str = "", **values: str) -> None:
    """The app is to have no role, and nothing lets it be the node."""
    chain.annotate(ROLE_ARN, None)
    chain.trust()
    way_out = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}
    rules = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [way_out]}]}
    chain.world.put("NetworkPolicy", {"metadata": {"name": "guard"}, "spec": rules})
    if in_profile:
        chain.aws_config(in_profile)
    chain.env(**values)


def _on_host(chain: Chain) -> None:
    _alone(chain)
    chain.world.objects.pop(("NetworkPolicy", "shop", "guard"))
    chain.spec["hostNetwork"] = True
    chain.world.roll()


def _not_asked(chain: Chain) -> None:
    """The webhook leaves the namespace out, and nobody there needs it."""
    _alone(chain)
    hooks = chain.world.get("MutatingWebhookConfiguration", "pod-identity-webhook", "")["webhooks"]
    hooks[0]["namespaceSelector"] = {"matchLabels": {"irsa": "on"}}


def _without_role() -> list[Row]:
    store = {"AWS_ENDPOINT_URL": "http://minio:9000", **PAIR}
    return [
        Row("no role, and keys", partial(_alone, **PAIR)),
        Row("no role, and keys for MinIO", partial(_alone, **store)),
        Row("no role, and a region of China", partial(_alone, AWS_REGION="cn-north-1")),
        Row("no role, and keys in a mounted file", partial(_alone, in_profile=KEYED)),
        Row("no role, on the host's network", _on_host),
        Row("no role, and the webhook is not asked", _not_asked),
    ]


def _settings() -> list[Row]:
    plain = "# ours\n[default]\nregion = ap-northeast-2\ns3 =\n  max_concurrent_requests = 20\n"
    chosen = f"[profile app]\nrole_arn = {arn_of('app-role')}\n{TOKEN_FILE}\n"
    process = "[profile own]\ncredential_process = /bin/own\n"
    config = Chain.aws_config
    return [
        _env("NO_PROXY that spares all", HTTPS_PROXY="http://p:1", NO_PROXY="*"),
        _env("a proxy in small letters that spares the region", https_proxy="http://p:1",
             no_proxy="10.0.0.0/8,.ap-northeast-2.amazonaws.com"),
        _env("retries of its own", AWS_RETRY_MODE="adaptive", AWS_MAX_ATTEMPTS="5"),
        _env("credentials of ECS by hand", AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/v2/x"),
        _env("a session token alone", AWS_SESSION_TOKEN="x"),
        _env("no credentials file", AWS_SHARED_CREDENTIALS_FILE="/dev/null"),
        Row("keys that are emptied further down", lambda chain: (chain.env(**PAIR),
                                                                 chain.env(**EMPTY))),
        Row("ConfigMap and Secret that are optional and not there", _optional),
        Row("a config file with comments and a section within", partial(config, text=plain)),
        Row("the role by a profile that is chosen",
            partial(config, text=chosen, AWS_PROFILE="app")),
        Row("a profile with a program", partial(config, text=process, AWS_PROFILE="own")),
        Row("the pair by hand, from a ConfigMap", _pair_from_config_map),
        Row("another role by envFrom, which loses", _role_by_env_from),
    ]  # fmt: skip


def _optional(chain: Chain) -> None:
    gone = {"name": "gone", "optional": True}
    chain.container()["envFrom"] = [{"configMapRef": gone}, {"secretRef": gone}]
    chain.world.roll()


def _pair_from_config_map(chain: Chain) -> None:
    data = {"role": arn_of("app-role")}
    chain.world.put("ConfigMap", {"metadata": {"name": "roles"}, "data": data})
    role = {"configMapKeyRef": {"name": "roles", "key": "role"}}
    for name in ("app", "proxy", "setup"):
        chain.env(name, AWS_ROLE_ARN=role, AWS_WEB_IDENTITY_TOKEN_FILE=TOKEN)


def _role_by_env_from(chain: Chain) -> None:
    data = {"AWS_ROLE_ARN": arn_of("other-role")}
    chain.world.put("ConfigMap", {"metadata": {"name": "roles"}, "data": data})
    chain.container()["envFrom"] = [{"configMapRef": {"name": "roles"}}]
    chain.world.roll()


def _sidecar(chain: Chain, **values: str) -> None:
    """A sidecar of Kubernetes' own kind: an init container that goes on."""
    chain.container("setup")["restartPolicy"] = "Always"
    chain.env("setup", **values)


def _pods() -> list[Row]:
    bare: Document = {"automountServiceAccountToken": False}
    return [
        Row("a sidecar among the init containers", _sidecar),
        Row("without the API's token", lambda chain: (chain.spec.update(bare),
                                                      chain.world.roll())),
        Row("EKS Pod Identity on the host's network", lambda chain: (
            chain.spec.update(hostNetwork=True), chain.with_pod_identity())),
        Row("the role on the Pod template as well",
            lambda chain: chain.mark(f"{PREFIX}role-arn", arn_of("app-role"))),
        Row("a log with a missing bucket", partial(says, text="An error occurred (NoSuchBucket)")),
    ]  # fmt: skip


def _policies() -> list[Row]:
    own = {f"{ISSUER}:sub": APP, f"{ISSUER}:aud": STS}
    default = {f"{ISSUER}:sub": "system:serviceaccount:shop:default"}
    both = statement(ISSUER, {"StringEquals": own, "StringNotEquals": default})
    there = statement(ISSUER, {"StringEquals": own, "Null": {f"{ISSUER}:sub": "false"}})
    sealed = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    put = allow("s3:PutObject", f"{ARN}/*")
    of_team = f"{ARN}/${{aws:PrincipalTag/team}}/*"
    mfa = _denied({"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    exact = allow(["s3:Get*", "s3:List*"], "*")
    return [
        Row("trust policy: one, and not another", lambda chain: chain.trust(both)),
        Row("trust policy: the subject must be there", lambda chain: chain.trust(there)),
        Row("trust policy: audiences in a list",
            lambda chain: chain.claims(sub=APP, aud=[STS, "other"])),
        Row("an action in capitals", lambda chain: chain.permit(allow("S3:getobject", f"{ARN}/*"))),
        Row("all but some resources", lambda chain: chain.permit(
            {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x/*"})),
        Row("a folder by the role's tag", partial(_tagged, resource=of_team)),
        Row("a folder by a tag that is not seen", lambda chain: chain.permit(
            allow("s3:GetObject", f"{ARN}/${{aws:userid}}/*"))),
        Row("a header asked of the call", lambda chain: chain.permit(put | {
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}})),
        Row("items asked of the call", lambda chain: chain.permit(
            allow("dynamodb:GetItem", "*", Condition={
                "ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["a"]}}))),
        Row("the service asked that goes between", lambda chain: chain.permit(
            allow("kms:Decrypt", "*", Condition={
                "StringEquals": {"kms:ViaService": "s3.ap-northeast-2.amazonaws.com"}}))),
        Row("a bucket policy that wants encryption", lambda chain: (
            chain.permit(put),
            bucket_policy(chain, [put | {"Effect": "Deny", "Principal": "*",
                                         "Condition": sealed}]))),
        Row("a Deny without MFA that no session meets", lambda chain: chain.permit(GET, mfa)),
        Row("a boundary with stars", partial(_bounded, statement=exact)),
    ]  # fmt: skip


def _denied(condition: Document) -> Document:
    return {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}


def _tagged(chain: Chain, resource: str) -> None:
    chain.role["tags"] = {"team": "a"}
    chain.permit(allow("s3:GetObject", resource))


def _bounded(chain: Chain, statement: Document) -> None:
    chain.world.managed[BOUNDARY] = policy(statement)
    chain.role["boundary"] = BOUNDARY


def _wrong_settings() -> list[Row]:
    link = "sdk-environment"
    return [
        _env("a word of its own for STS's endpoints", link, AWS_STS_REGIONAL_ENDPOINTS="true"),
        _env("retries that botocore does not know", link, AWS_RETRY_MODE="fast"),
        _env("no attempt at all", link, AWS_MAX_ATTEMPTS="0"),
        _env("FIPS in a region without", link, AWS_USE_FIPS_ENDPOINT="true"),
        Row("keys in a sidecar among the init containers", partial(_sidecar, **PAIR),
            "static-credentials"),
        Row("keys that come back further down",
            lambda chain: (chain.env(**EMPTY), chain.env(**PAIR)), "static-credentials"),
        Row("a config file without a section",
            partial(Chain.aws_config, text="region = ap-northeast-2\n"), "profiles", typed=False),
        Row("Pod Identity: keys", lambda chain: (chain.with_pod_identity(), chain.env(**PAIR)),
            "static-credentials"),
    ]  # fmt: skip


def _names(chain: Chain, arn: str) -> None:
    chain.annotate(ROLE_ARN, arn)
    chain.world.roll()


def _wrong_names() -> list[Row]:
    prefix = f"arn:aws:iam::{ACCOUNT}"
    return [
        Row("the ARN of a policy", partial(_names, arn=f"{prefix}:policy/app-role"), "role-arn"),
        Row("the ARN of a user", partial(_names, arn=f"{prefix}:user/app-role"), "role-arn"),
        Row("two slashes before the role", partial(_names, arn=f"{prefix}:role//app-role"), "role"),
        Row("a role in capitals", partial(_names, arn=arn_of("App-Role")), "role"),
    ]


def _of_provider(chain: Chain, host: str) -> None:
    chain.trust(chain.own() | {"Principal": {"Federated": f"{ARNS}{host}"}})


def _for_service(chain: Chain, service: str) -> None:
    chain.with_pod_identity()
    chain.role["trust"]["Statement"][-1]["Principal"] = {"Service": service}


def _wrong_policies() -> list[Row]:
    link, elsewhere = "trust-policy", f"arn:aws:eks:us-east-1:{ACCOUNT}:cluster/*"
    mfa = _denied({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    return [
        Row("trust policy: an audience with https://",
            lambda chain: chain.claims(sub=APP, aud=f"https://{STS}"), link),
        Row("trust policy: a provider with https://",
            partial(_of_provider, host=f"https://{ISSUER}"), link),
        Row("trust policy: a provider in small letters",
            partial(_of_provider, host=ISSUER.lower()), link),
        Row("a Deny without MFA, if there is any",
            lambda chain: chain.permit(GET, mfa), "permission-limits"),
        Row("a boundary that forgets listing",
            partial(_bounded, statement=allow("s3:Get*", "*")), "permission-limits", typed=False),
        Row("Pod Identity: a cluster of another region",
            lambda chain: chain.with_pod_identity(ArnLike={"aws:SourceArn": elsewhere}), link,
            typed=False),
        Row("Pod Identity: a service mistyped",
            partial(_for_service, service="pod.eks.amazonaws.com"), link, typed=False),
        Row("Pod Identity: EKS itself for its Pods",
            partial(_for_service, service="eks.amazonaws.com"), link, typed=False),
    ]  # fmt: skip


def _wrong_logs() -> list[Row]:
    lines = {
        "of Go, with its status": "operation error S3: GetObject, https response error StatusCode: "
        "403, RequestID: X, api error AccessDenied: Access Denied",
        "of JavaScript, with its stack": "CredentialsProviderError: Could not load credentials "
        "from any providers\n    at /app/node_modules/x.js:1\n    at process",
        "of Java 1": "com.amazonaws.SdkClientException: Unable to load AWS credentials from any "
        "provider in the chain",
        "of .NET": "Amazon.Runtime.AmazonClientException: Failed to resolve AWS credentials",
        "of PHP": "Error retrieving credentials from the instance profile metadata service.",
        "of Rust": "dispatch failure: the credential provider was not enabled: no providers in "
        "chain provided credentials",
    }
    return [
        Row(f"an error {name}", partial(says, text=text), "app-log", typed=False)
        for name, text in lines.items()
    ]
