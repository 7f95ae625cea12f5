"""Chains that are broken: one fault each, and the link that is to be named for it."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.doctor.chains import BUCKET, PREFIX, WITHOUT_EACH_OTHER, Chain, allow, statement
from tests.doctor.healthy_chains import AGENT, ARN, CHAIN, TOKEN_FILE
from tests.doctor.healthy_chains import _annotated as annotated
from tests.doctor.healthy_chains import _boundary as with_boundary
from tests.doctor.healthy_chains import _bucket as bucket_policy
from tests.doctor.healthy_chains import _from as from_source
from tests.doctor.healthy_chains import _noted as noted
from tests.doctor.healthy_chains import _profiles as with_profiles
from tests.doctor.healthy_chains import _says as says
from tests.doctor.healthy_chains import _sealed as sealed
from tests.doctor.matrix import Row
from tests.doctor.plain_world import ACCOUNT, ISSUER, PROVIDER, ROLE_ARN, arn_of, secret

PAIR = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
SUB, AUD = f"{ISSUER}:sub", f"{ISSUER}:aud"
APP, STS = "system:serviceaccount:shop:app", "sts.amazonaws.com"
TOKEN = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
KEYED = "[default]\naws_access_key_id = x\naws_secret_access_key = x\n"
WEBHOOK = "('MutatingWebhookConfiguration', '', 'pod-identity-webhook')"
NAMESPACE = "('Namespace', '', 'shop')"


def rows() -> list[Row]:
    """All of them."""
    return [
        *_keys(),
        *_preset(),
        *_sdk(),
        *_profiles(),
        *_pods(),
        *_webhook(),
        *_accounts(),
        *_provider_and_role(),
        *_trust(),
        *_scope(),
        *_permissions(),
        *_bucket_policies(),
        *_encryption_keys(),
        *_pod_identity(),
        *_logs(),
    ]


def _env(name: str, link: str, container: str = "app", **values: Any) -> Row:
    return Row(f"{name} ({container})", lambda chain: chain.env(container, **values), link)


def _keys() -> list[Row]:
    kinds: dict[str, dict[str, str]] = {
        "a pair of keys": PAIR,
        "half a pair of keys": {"AWS_ACCESS_KEY_ID": "x"},
        "a profile": {"AWS_PROFILE": "production"},
        "a default profile": {"AWS_DEFAULT_PROFILE": "production"},
        "a profile without a name": {"AWS_PROFILE": ""},
    }
    link = "static-credentials"
    return [
        *(
            _env(name, link, container, **values)
            for name, values in kinds.items()
            for container in WITHOUT_EACH_OTHER
        ),
        *(
            Row(f"keys by envFrom of a {kind}", partial(from_source, kind=kind, **PAIR), link)
            for kind in ("configMapRef", "secretRef")
        ),
        Row("keys by envFrom with a prefix", _prefixed, link),
        Row(
            "a profile by envFrom of a ConfigMap",
            partial(from_source, kind="configMapRef", AWS_PROFILE="production"),
            link,
            touches=("('ConfigMap', 'shop', 'all')",),
        ),
        Row("a profile by envFrom of a ConfigMap of several", _shared_profile, link, typed=False),
        Row("keys of a Secret, one by one", partial(_by_key, kind="secret"), link),
        Row("keys of a ConfigMap, one by one", partial(_by_key, kind="configMap"), link),
    ]


def _prefixed(chain: Chain) -> None:
    from_source(chain, "configMapRef", ACCESS_KEY_ID="x", SECRET_ACCESS_KEY="x")
    chain.container()["envFrom"][0]["prefix"] = "AWS_"
    chain.world.roll()


def _shared_profile(chain: Chain) -> None:
    from_source(chain, "configMapRef", AWS_PROFILE="production")
    other = chain.world.get("Deployment", "other")["spec"]["template"]["spec"]["containers"][0]
    other["envFrom"] = [{"configMapRef": {"name": "all"}}]
    chain.world.roll("other")


def _by_key(chain: Chain, kind: str) -> None:
    data = secret(**PAIR) if kind == "secret" else PAIR
    title = "Secret" if kind == "secret" else "ConfigMap"
    chain.world.put(title, {"metadata": {"name": "keys"}, "data": data})
    chain.env(**{name: {f"{kind}KeyRef": {"name": "keys", "key": name}} for name in PAIR})


def _preset() -> list[Row]:
    kinds = {
        "the role alone by hand": {"AWS_ROLE_ARN": arn_of("app-role")},
        "the token file alone by hand": {"AWS_WEB_IDENTITY_TOKEN_FILE": TOKEN},
        "another role by hand": {
            "AWS_ROLE_ARN": arn_of("other-role"),
            "AWS_WEB_IDENTITY_TOKEN_FILE": TOKEN,
        },
    }
    return [
        _env(name, "preset-variables", container, **values)
        for name, values in kinds.items()
        for container in WITHOUT_EACH_OTHER
    ]


def _sdk() -> list[Row]:
    kinds = {
        "a region of China": {"AWS_REGION": "cn-north-1"},
        "a region of GovCloud": {"AWS_DEFAULT_REGION": "us-gov-west-1"},
        "a region that is not": {"AWS_REGION": "ap-northeast-22"},
        "a zone for a region": {"AWS_REGION": "ap-northeast-2a"},
        "a region with a blank": {"AWS_DEFAULT_REGION": "ap-northeast-2 "},
        "S3's endpoint for all": {"AWS_ENDPOINT_URL": "https://s3.us-east-1.amazonaws.com"},
        "MinIO's endpoint for all": {"AWS_ENDPOINT_URL": "http://minio:9000"},
        "S3's endpoint for STS": {"AWS_ENDPOINT_URL_STS": "https://s3.us-east-1.amazonaws.com"},
        "a session name with a slash": {"AWS_ROLE_SESSION_NAME": "team/app"},
        "a session name of one sign": {"AWS_ROLE_SESSION_NAME": "x"},
        "a session name that is too long": {"AWS_ROLE_SESSION_NAME": "x" * 65},
    }
    link = "sdk-environment"
    return [
        *(_env(name, link, **values) for name, values in kinds.items()),
        _env("a region of China", link, "proxy", AWS_REGION="cn-north-1"),
        Row("a CA bundle that is not mounted there", partial(_bundle, text=None), link),
        Row("a CA bundle without a certificate", partial(_bundle, text="x"), link),
    ]


def _bundle(chain: Chain, text: str | None) -> None:
    data = {} if text is None else {"ca.pem": text}
    chain.world.put("ConfigMap", {"metadata": {"name": "ca"}, "data": data})
    chain.mount("/ca", configMap={"name": "ca"})
    chain.env(AWS_CA_BUNDLE="/ca/ca.pem")


def _profiles() -> list[Row]:
    own, target = arn_of("app-role"), arn_of("target")
    base = f"[profile base]\nrole_arn = {own}\n{TOKEN_FILE}\n"

    def texts() -> dict[str, str]:
        hop = f"[profile target]\nrole_arn = {target}\n"
        return {
            "a profile whose source is not there": f"{hop}source_profile = gone\n",
            "a profile whose source has nothing": f"[profile base]\n{hop}source_profile = base\n",
            "a profile without a source": hop,
            "profiles that lead to one another": f"{hop}source_profile = again\n[profile again]\n"
            f"role_arn = {own}\nsource_profile = target\n",
            "a profile whose token is elsewhere": base.replace("/token", "/tokens/t") + hop
            + "source_profile = base\n",
            "a profile of a role that is not there": base + hop.replace("/target", "/gone")
            + "source_profile = base\n",
            "a profile of keys from the environment": f"{hop}credential_source = Environment\n",
            "a base profile of another's role": base.replace("app-role", "other-role") + hop
            + "source_profile = base\n",
        }  # fmt: skip

    link = "profiles"
    return [
        *(
            Row(name, partial(with_profiles, text=text), link, typed=False)
            for name, text in texts().items()
        ),
        Row("a chosen profile that is not there",
            partial(with_profiles, text=CHAIN, profile="gone"), link, typed=False),
        Row("keys in the profile that is in use", partial(with_profiles, text=KEYED), link,
            typed=False),
        Row("keys in the profile that is chosen",
            partial(with_profiles, text=KEYED.replace("default", "profile x"), profile="x"), link,
            typed=False),
        Row("a target that trusts somebody else", partial(_target, trusted="pipeline"), link,
            typed=False),
        Row("a target that wants an external id", partial(_target, external="x"), link,
            typed=False),
    ]  # fmt: skip


def _target(chain: Chain, trusted: str = "app-role", external: str = "") -> None:
    with_profiles(chain, CHAIN)
    [own] = chain.world.roles["target"]["trust"]["Statement"]
    own["Principal"] = {"AWS": arn_of(trusted)}
    if external:
        own["Condition"] = {"StringEquals": {"sts:ExternalId": external}}


def _pods() -> list[Row]:
    skip = f"{PREFIX}skip-containers"
    link = "injection"
    return [
        Row("a Pod older than the annotation", partial(_older, old=1, new=0), link),
        Row("half of the Pods older", partial(_older, old=2, new=2), link),
        Row("one of four Pods older", partial(_older, old=1, new=3), link),
        Row("Pods with the role of yesterday", _of_yesterday, link),
        Row("an emptyDir of the webhook's name", partial(_own_volume, emptyDir={}), link, False),
        Row("a ConfigMap of the webhook's name",
            partial(_own_volume, configMap={"name": "x"}), link, False),
        Row("a token of the webhook's name for vault", partial(_own_volume, projected={
            "sources": [{"serviceAccountToken": {"audience": "vault", "path": "t"}}]}), link,
            False),
        Row("all containers left out", lambda chain: chain.mark(skip, "app,proxy,setup"),
            "skip-containers"),
        Row("the app's container left out", lambda chain: chain.mark(skip, "app"),
            "skip-containers"),
        Row("the default container left out", _default_left_out, "skip-containers"),
        Row("a token that two users must read", _two_users, "token-readable"),
        Row("a token copied elsewhere", _copied, "token", typed=False),
        Row("an audience that changed after the Pods", _changed_audience, "token"),
        Row("a container that stays in a crash loop", _crashing, "pods", typed=False),
        Row("an init container that stays in a crash loop",
            partial(_crashing, container="setup"), "pods", typed=False),
        Row("an image that is not there", partial(_waiting, reason="ImagePullBackOff"), "pods",
            typed=False),
        Row("no Pod", _no_pod, "pods", typed=False),
    ]  # fmt: skip


def _older(chain: Chain, old: int, new: int) -> None:
    chain.annotate(ROLE_ARN, None)
    chain.world.roll(count=old)
    chain.annotate(ROLE_ARN, arn_of("app-role"))
    chain.world.roll(count=new, keep=True)


def _of_yesterday(chain: Chain) -> None:
    chain.annotate(ROLE_ARN, arn_of("old-role"))
    chain.world.roll()
    chain.annotate(ROLE_ARN, arn_of("app-role"))


def _own_volume(chain: Chain, **volume: Any) -> None:
    chain.spec["volumes"] = [{"name": "aws-iam-token", **volume}]
    chain.world.roll()


def _default_left_out(chain: Chain) -> None:
    chain.mark("kubectl.kubernetes.io/default-container", "proxy")
    chain.mark(f"{PREFIX}skip-containers", "proxy")


def _two_users(chain: Chain) -> None:
    for user, name in enumerate(WITHOUT_EACH_OTHER, 1000):
        chain.container(name)["securityContext"] = {"runAsUser": user}
    source = {"audience": STS, "path": "token", "expirationSeconds": 86400}
    projected = {"sources": [{"serviceAccountToken": source}], "defaultMode": 0o400}
    _own_volume(chain, projected=projected)


def _copied(chain: Chain) -> None:
    chain.env(AWS_ROLE_ARN=arn_of("app-role"), AWS_WEB_IDENTITY_TOKEN_FILE="/tmp/token")


def _changed_audience(chain: Chain) -> None:
    chain.annotate(f"{PREFIX}audience", "vault")
    chain.world.roll()
    chain.annotate(f"{PREFIX}audience", None)


def _pod(chain: Chain) -> dict[str, Any]:
    [found] = [v for (k, _, n), v in chain.world.objects.items() if k == "Pod" and n[:4] == "app-"]
    return found


REFUSAL = "An error occurred (AccessDenied) when calling the PutObject operation: no"


def _crashing(chain: Chain, container: str = "app") -> None:
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    last = {"terminated": {"exitCode": 254}}
    status = _pod(chain)["status"]
    status.setdefault("initContainerStatuses", [])
    status["initContainerStatuses" if container == "setup" else "containerStatuses"] = [
        {"name": container, "state": state, "lastState": last}
    ]
    chain.world.logs[container] = REFUSAL


def _waiting(chain: Chain, reason: str) -> None:
    _pod(chain)["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": reason}}


def _no_pod(chain: Chain) -> None:
    del chain.world.objects["Pod", "shop", _pod(chain)["metadata"]["name"]]
    said = {"type": "ReplicaFailure", "status": "True", "message": "quota exceeded"}
    chain.world.get("Deployment", "app")["status"]["conditions"] = [said]


def _webhook() -> list[Row]:
    def selector(**members: Any) -> Any:
        return partial(_selecting, selector=members)

    def expression(operator: str, key: str = "irsa", values: tuple[str, ...] = ()) -> Any:
        found = {"key": key, "operator": operator, "values": list(values)}
        return selector(matchExpressions=[found])

    own = "kubernetes.io/metadata.name"
    link = "webhook"
    return [
        Row("the label that opts out", _opted_out, link),
        Row("a webhook for labelled namespaces", selector(matchLabels={"irsa": "on"}), link,
            touches=(NAMESPACE,)),
        Row("a webhook for some values", expression("In", values=("on",)), link,
            touches=(NAMESPACE,)),
        Row("a webhook where a label exists", expression("Exists"), link, touches=(NAMESPACE,)),
        Row("a webhook where a label does not exist", partial(
            _selecting, selector={"matchExpressions": [{"key": "off", "operator": "DoesNotExist"}]},
            labels={"off": "x"}), link, touches=(NAMESPACE,)),
        Row("a webhook that leaves the namespace out", expression("NotIn", own, ("shop",)), link,
            touches=(WEBHOOK,)),
    ]  # fmt: skip


def _opted_out(chain: Chain) -> None:
    chain.template["metadata"]["labels"][f"{PREFIX}skip-pod-identity-webhook"] = ""
    _keep_injected(chain)


def _selecting(
    chain: Chain, selector: dict[str, Any], labels: dict[str, str] | None = None
) -> None:
    """Pods stay as they are: what follows from their making anew is another link's."""
    found = chain.world.get("MutatingWebhookConfiguration", "pod-identity-webhook", "")
    found["webhooks"][0]["namespaceSelector"] = selector
    metadata = chain.world.get("Namespace", "shop", "")["metadata"]
    metadata["labels"] = {"kubernetes.io/metadata.name": "shop", **(labels or {})}


def _keep_injected(chain: Chain) -> None:
    _pod(chain)["metadata"]["labels"] = chain.template["metadata"]["labels"]


def _accounts() -> list[Row]:
    own = arn_of("app-role")
    slips = {
        "the role's name alone": "app-role",
        "the role's path alone": "role/app-role",
        "a blank behind the ARN": f"{own} ",
        "a line's end behind the ARN": f"{own}\n",
        "quotes around the ARN": f'"{own}"',
        "the ARN of a session": f"arn:aws:sts::{ACCOUNT}:assumed-role/app-role/x",
        "an account id with dashes": own.replace(ACCOUNT, "1111-2222-3333"),
    }
    return [
        *(Row(name, partial(_misnamed, value=value), "role-arn") for name, value in slips.items()),
        Row("another partition's ARN", partial(_misnamed, value=own.replace("arn:aws:",
                                                                            "arn:aws-cn:")),
            "role-arn"),
        *(
            Row(f"the annotation {key}", partial(_misspelt, key=key), "annotation")
            for key in ("eks.amazonaws.com/role_arn", "eks.amazonaws.com/rolearn", "role-arn")
        ),
        Row("the annotation on the Pod template", _on_template, "annotation"),
        Row("the annotation on the Deployment", _on_deployment, "annotation"),
        Row("no annotation", partial(_plainly, value=None), "annotation"),
        Row("a ServiceAccount of another name", partial(_runs_as, name="default"),
            "service-account-name"),
        Row("a ServiceAccount that is not there", partial(_runs_as, name="ap"),
            "service-account-name"),
        *(
            Row(f"a token's life of {value}", partial(annotated, key="token-expiration",
                                                      value=value), "token-expiration")
            for value in ("60", "1h", "900000")
        ),
    ]  # fmt: skip


def _misnamed(chain: Chain, value: str) -> None:
    """The Pods are as old as the right annotation: what they lack is another link's."""
    chain.annotate(ROLE_ARN, value)
    chain.world.roll()


def _misspelt(chain: Chain, key: str) -> None:
    chain.annotate(ROLE_ARN, None)
    noted(chain, key, arn_of("app-role"))


def _plainly(chain: Chain, value: str | None) -> None:
    chain.annotate(ROLE_ARN, value)
    chain.world.roll()


def _on_template(chain: Chain) -> None:
    _plainly(chain, None)
    chain.mark(ROLE_ARN, arn_of("app-role"))


def _on_deployment(chain: Chain) -> None:
    _plainly(chain, None)
    found = chain.world.get("Deployment", "app")
    found["metadata"]["annotations"] = {ROLE_ARN: arn_of("app-role")}


def _runs_as(chain: Chain, name: str) -> None:
    chain.spec["serviceAccountName"] = name
    chain.world.roll()


def _provider_and_role() -> list[Row]:
    return [
        Row("no provider", lambda chain: chain.world.providers.clear(), "provider"),
        Row("a provider for another audience",
            lambda chain: chain.world.providers.update({PROVIDER: ["vault"]}),
            "provider-audience"),
        Row("an audience that is mistyped",
            partial(annotated, key="audience", value="sts.amazon.com"), "provider-audience"),
        Row("a role that is not there", _no_role, "role", typed=False),
        Row("a role of a name mistyped",
            partial(noted, key=ROLE_ARN, value=arn_of("ap-role")), "role"),
        Row("another account's role",
            partial(noted, key=ROLE_ARN, value=arn_of("app-role").replace("1111", "4444")),
            "role"),
        Row("a role's path left out", _path_left_out, "role"),
    ]  # fmt: skip


def _no_role(chain: Chain) -> None:
    del chain.world.roles["app-role"]


def _path_left_out(chain: Chain) -> None:
    chain.role["path"] = "team/"


def _trust() -> list[Row]:
    right = {SUB: APP, AUD: STS}
    conditions: dict[str, dict[str, Any]] = {
        "a capital in the account": {"StringEquals": right | {SUB: APP.replace("app", "App")}},
        "a capital in the namespace": {"StringEquals": right | {SUB: APP.replace("shop", "Shop")}},
        "another namespace": {"StringEquals": right | {SUB: "system:serviceaccount:shop2:app"}},
        "another account": {
            "StringEquals": right | {SUB: "system:serviceaccount:shop:application"}
        },
        "a blank at the end": {"StringEquals": right | {SUB: f"{APP} "}},
        "a blank before it": {"StringEquals": right | {SUB: f" {APP}"}},
        "the short form": {"StringEquals": right | {SUB: "shop:app"}},
        "a slash for the colon": {"StringEquals": right | {SUB: APP.replace("shop:", "shop/")}},
        "a star under StringEquals": {
            "StringEquals": right | {SUB: "system:serviceaccount:shop:*"}
        },
        "a star under ForAnyValue": {
            "ForAnyValue:StringEquals": right | {SUB: "system:serviceaccount:shop:*"}
        },
        "a star blind to case": {
            "StringEqualsIgnoreCase": right | {SUB: "system:serviceaccount:shop:*"}
        },
        "subject and audience swapped": {"StringEquals": {SUB: STS, AUD: APP}},
        "an audience mistyped": {"StringEquals": right | {AUD: "sts.amazon.com"}},
        "a client id for the audience": {"StringEquals": right | {AUD: "kubernetes"}},
        "the key :subject": {"StringEquals": {f"{ISSUER}:subject": APP, AUD: STS}},
        "the key :iss": {"StringEquals": right | {f"{ISSUER}:iss": f"https://{ISSUER}"}},
        "the key :amr": {"StringEquals": right | {f"{ISSUER}:amr": "authenticated"}},
        "the key of a namespace": {
            "StringEquals": right | {f"{ISSUER}:kubernetes.io/namespace": "shop"}
        },
        "another cluster's key": {
            "StringEquals": {
                SUB.replace("0123", "3210"): APP,
                AUD.replace("0123", "3210"): STS,
            }
        },
        "an ARN operator": {"ArnLike": {SUB: APP}, "StringEquals": {AUD: STS}},
        "a subject that must be absent": {"Null": {SUB: "true"}, "StringEquals": {AUD: STS}},
    }
    call = {
        "another region": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        "a day that is past": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
        "no TLS": {"Bool": {"aws:SecureTransport": "false"}},
        "another session's name": {"StringEquals": {"sts:RoleSessionName": "jane"}},
    }
    link = "trust-policy"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    return [
        *(
            Row(f"trust policy: {name}", partial(_conditions, condition=condition), link)
            for name, condition in conditions.items()
        ),
        *(
            Row(f"trust policy: {name} asked of the call", partial(_called, condition=condition),
                link)
            for name, condition in call.items()
        ),
        Row("trust policy: nobody of this cluster", lambda chain: chain.trust(), link),
        Row("trust policy: an account of the namespace alone",
            lambda chain: chain.trust(chain.own("other")), link),
        Row("trust policy: sts:AssumeRole",
            lambda chain: chain.trust(chain.own() | {"Action": "sts:AssumeRole"}), link),
        Row("trust policy: sts:TagSession alone",
            lambda chain: chain.trust(chain.own() | {"Action": "sts:TagSession"}), link),
        Row("trust policy: the cluster before this one", _old_cluster, link),
        Row("trust policy: the provider of another account", lambda chain: chain.trust(
            chain.own() | {"Principal": {"Federated": PROVIDER.replace("1111", "4444")}}), link),
        Row("trust policy: a Deny that names it", lambda chain: chain.trust(
            chain.own(), deny | {"Condition": {"StringEquals": {SUB: APP}}}), link),
        Row("trust policy: a Deny for all but another", lambda chain: chain.trust(
            chain.own(), deny | {"Condition": {"StringNotEquals": {
                SUB: "system:serviceaccount:shop:other"}}}), link),
        Row("trust policy: a Deny of the region", lambda chain: chain.trust(
            chain.own(), deny | {"Condition": {"StringEquals": {
                "aws:RequestedRegion": "ap-northeast-2"}, "StringLike": {SUB: "system:*"}}}),
            link),
    ]  # fmt: skip


def _conditions(chain: Chain, condition: dict[str, Any]) -> None:
    chain.trust(statement(ISSUER, condition))


def _called(chain: Chain, condition: dict[str, Any]) -> None:
    chain.trust(chain.own(**condition))


def _old_cluster(chain: Chain) -> None:
    host = ISSUER.replace("0123", "FFFF")
    chain.trust(statement(host, {"StringEquals": {f"{host}:sub": APP, f"{host}:aud": STS}}))


def _scope() -> list[Row]:
    conditions: dict[str, dict[str, Any]] = {
        "no subject": {"StringEquals": {AUD: STS}},
        "any account of the namespace": {"StringLike": {SUB: "system:serviceaccount:shop:*"}},
        "any account of a name": {"StringLike": {SUB: "system:serviceaccount:*:app"}},
        "namespaces of a name": {"StringLike": {SUB: "system:serviceaccount:sh*:app"}},
        "anybody": {"StringLike": {SUB: "*"}},
        "all of system": {"StringLike": {SUB: "system:*"}},
        "a question mark": {"StringLike": {SUB: "system:serviceaccount:shop:a?p"}},
        "any subject that is there": {"Null": {SUB: "false"}},
        "a subject if there is one": {"StringEqualsIfExists": {SUB: APP}},
        "all values": {"ForAllValues:StringEquals": {SUB: APP, AUD: STS}},
        "all but another": {"StringNotEquals": {SUB: "system:serviceaccount:shop:other"}},
        "one and a pattern": {"StringLike": {SUB: [APP, "system:serviceaccount:shop:*"]}},
    }
    link = "trust-scope"
    return [
        *(
            Row(f"too wide: {name}", partial(_conditions, condition=condition), link)
            for name, condition in conditions.items()
        ),
        Row("too wide: everybody as the principal",
            lambda chain: chain.trust(chain.own() | {"Principal": "*"}), link),
    ]  # fmt: skip


def _permissions() -> list[Row]:
    typo = ARN.replace(BUCKET, f"{BUCKET}-x")
    get, listing = allow("s3:GetObject", f"{ARN}/*"), allow("s3:ListBucket", ARN)
    fitting, limits = "permission-resources", "permission-limits"
    denials: dict[str, dict[str, Any]] = {
        "a Deny on all": allow("s3:GetObject", "*", Effect="Deny"),
        "a Deny on the bucket": allow("s3:*", [ARN, f"{ARN}/*"], Effect="Deny"),
        "a Deny of the region": allow(
            "s3:Get*", "*", Effect="Deny",
            Condition={"StringEquals": {"aws:RequestedRegion": "ap-northeast-2"}},
        ),
        "a Deny of all roles": allow(
            "s3:Get*", "*", Effect="Deny",
            Condition={"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
        ),
    }  # fmt: skip
    return [
        Row("no policy", lambda chain: chain.role["inline"].clear(), "permissions", typed=False),
        Row("objects allowed on the bucket",
            lambda chain: chain.permit(allow("s3:GetObject", ARN), listing), fitting),
        Row("a listing allowed on objects",
            lambda chain: chain.permit(get, allow("s3:ListBucket", f"{ARN}/*")), fitting),
        Row("both allowed on the bucket", lambda chain: chain.permit(
            allow(["s3:GetObject", "s3:ListBucket"], ARN)), fitting),
        Row("a bucket's name mistyped", lambda chain: chain.permit(
            allow("s3:GetObject", f"{typo}/*"), allow("s3:ListBucket", typo)), fitting),
        *(
            Row(name, partial(_denied, denial=denial), limits) for name, denial in denials.items()
        ),
        Row("a Deny in a policy of its own",
            lambda chain: chain.permit(denials["a Deny on all"], name="deny"), limits),
        Row("a condition that no call meets", lambda chain: chain.permit(get | {
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}), limits, typed=False),
        Row("a boundary that does not allow it", _narrow_boundary, limits, typed=False),
        Row("all of S3 on all", lambda chain: chain.permit(allow("s3:*", "*")),
            "permission-scope", typed=False),
        Row("all of everything", lambda chain: chain.permit(allow("*", "*")),
            "permission-scope", typed=False),
        Row("all but IAM", lambda chain: chain.permit(
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            "permission-scope", typed=False),
    ]  # fmt: skip


def _denied(chain: Chain, denial: dict[str, Any]) -> None:
    kept = allow("s3:PutObject", f"{ARN}/*", Sid="Kept", Effect="Deny")
    chain.permit(allow("s3:GetObject", f"{ARN}/*"), kept, denial)


def _narrow_boundary(chain: Chain) -> None:
    with_boundary(chain)
    for document in chain.world.managed.values():
        document["Statement"] = [allow("ec2:*", "*")]


def _bucket_policies() -> list[Row]:
    everything = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [ARN, f"{ARN}/*"],
    }
    tls = everything | {"Sid": "Tls", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    put = everything | {"Sid": "Put", "Action": "s3:PutObject"}
    spares = everything | {
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [arn_of("other-role")]}}
    }
    named = everything | {"Principal": {"AWS": arn_of("app-role")}}
    region = everything | {"Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}}
    account = everything | {"Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}
    policies: dict[str, list[dict[str, Any]]] = {
        "that denies all": [everything],
        "that denies the role": [named],
        "that denies the role beside TLS": [tls, named],
        "that denies all but another role": [tls, put, spares],
        "that denies another region": [region, tls],
        "that denies its own account": [account, put],
        "that denies reading": [everything | {"Action": "s3:Get*"}, put],
    }
    return [
        Row(f"a bucket policy {name}", partial(bucket_policy, statements=found),
            "resource-policies")
        for name, found in policies.items()
    ]  # fmt: skip


def _encryption_keys() -> list[Row]:
    link = "encryption-keys"
    return [
        Row("a bucket under a key, and no right to use it", sealed, link),
        Row("a right to another use of the key", partial(sealed, allowing="kms:Encrypt"), link),
        Row("a key's policy that leaves nothing to IAM", partial(
            sealed, named=arn_of("other-role"), allowing="kms:Decrypt"), link),
        Row("a key that is switched off", partial(
            sealed, allowing="kms:Decrypt", state="Disabled"), link),
        Row("a key that is to be deleted", partial(
            sealed, allowing="kms:Decrypt", state="PendingDeletion"), link),
        Row("a key that is gone", _gone_key, link, typed=False),
        Row("a key's policy that denies", _denying_key, link, typed=False),
    ]  # fmt: skip


def _gone_key(chain: Chain) -> None:
    sealed(chain)
    chain.world.keys.clear()


def _denying_key(chain: Chain) -> None:
    sealed(chain, allowing="kms:Decrypt")
    denial = {"Effect": "Deny", "Principal": {"AWS": arn_of("app-role")}, "Resource": "*"}
    [key] = chain.world.keys.values()
    key["policy"]["Statement"].append(denial | {"Action": "kms:Decrypt"})


def _pod_identity() -> list[Row]:
    tag = "aws:RequestTag/kubernetes"
    link = "trust-policy"
    return [
        Row("Pod Identity: no sts:TagSession",
            lambda chain: chain.with_pod_identity(["sts:AssumeRole"]), link),
        Row("Pod Identity: no sts:AssumeRole",
            lambda chain: chain.with_pod_identity(["sts:TagSession"]), link),
        Row("Pod Identity: another namespace", lambda chain: chain.with_pod_identity(
            StringEquals={f"{tag}-namespace": "other"}), link, typed=False),
        Row("Pod Identity: another cluster", lambda chain: chain.with_pod_identity(
            ArnEquals={"aws:SourceArn": "arn:aws:eks:x:1:cluster/other"}), link, typed=False),
        Row("Pod Identity: another account", lambda chain: chain.with_pod_identity(
            StringEquals={"aws:SourceAccount": "444455556666"}), link, typed=False),
        Row("Pod Identity: a Deny in the role's policy", _denied_association, "permission-limits"),
        Row("Pod Identity: a bucket policy that denies", _bucket_of_association,
            "resource-policies"),
        Row("Pod Identity: a role without a policy", _association_without_policy, "permissions",
            typed=False),
        Row("Pod Identity: no agent", _no_agent, "pod-identity-agent", touches=(str(AGENT),)),
        Row("Pod Identity: the agent on half of the nodes", _half_an_agent, "pod-identity-agent",
            typed=False),
        Row("Pod Identity: Pods older than the association", _older_association, "injection"),
        Row("Pod Identity: a proxy before the agent", _agent_by_proxy, "sdk-environment"),
        Row("an association beside the annotation", _both, "pod-identity"),
    ]  # fmt: skip


def _older_association(chain: Chain) -> None:
    chain.with_pod_identity()
    chain.world.associations.clear()
    chain.world.roll(count=2)
    chain.associate()


def _denied_association(chain: Chain) -> None:
    chain.with_pod_identity()
    _denied(chain, allow("s3:GetObject", "*", Effect="Deny"))


def _bucket_of_association(chain: Chain) -> None:
    chain.with_pod_identity()
    named = {"AWS": arn_of("app-role")}
    denial = {"Effect": "Deny", "Principal": named, "Action": "s3:*", "Resource": f"{ARN}/*"}
    bucket_policy(chain, [denial])


def _association_without_policy(chain: Chain) -> None:
    chain.with_pod_identity()
    chain.role["inline"].clear()


def _no_agent(chain: Chain) -> None:
    chain.with_pod_identity()
    del chain.world.objects[AGENT]


def _half_an_agent(chain: Chain) -> None:
    chain.with_pod_identity()
    chain.world.install_agent(ready=1)


def _agent_by_proxy(chain: Chain) -> None:
    chain.with_pod_identity()
    chain.env(HTTP_PROXY="http://proxy:3128")


def _both(chain: Chain) -> None:
    """The role lets EKS in as well: but for the competition, all is well."""
    service = {"Service": "pods.eks.amazonaws.com"}
    eks = {"Effect": "Allow", "Principal": service, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    chain.trust(chain.own(), eks)
    chain.associate()
    chain.world.roll()


def _logs() -> list[Row]:
    refused = {
        "of the CLI": REFUSAL,
        "before the last line": f"start\n{REFUSAL}\nexit status 1",
        "in a structured log": '{"level": "error", "msg": "AccessDenied: no"}\n'
        '{"level": "info", "msg": "shutting down"}',
        "of Go": "api error AccessDenied: no",
        "of Java": "software.amazon.awssdk…: Unable to load credentials from any of the providers",
        "of a token that ended": "An error occurred (ExpiredTokenException) when calling x",
        "of another role": "(AccessDenied) … arn:aws:sts::1:assumed-role/node-role/i-1 is not "
        "authorized to perform: s3:GetObject",
    }
    return [
        *(
            Row(f"an error {name}", partial(says, text=text), "app-log", typed=False)
            for name, text in refused.items()
        ),
        Row("an error of the run before", _of_the_run_before, "app-log", typed=False),
        Row("an error of a sidecar", lambda chain: chain.world.logs.update(proxy=REFUSAL),
            "app-log", typed=False),
    ]  # fmt: skip


def _of_the_run_before(chain: Chain) -> None:
    status = _pod(chain)["status"]["containerStatuses"][0]
    status["lastState"] = {"terminated": {"exitCode": 1}}
    chain.world.logs |= {"app previous": f"start\n{REFUSAL}", "app": "start"}
