"""What the API server refuses of each kind, in the words of Kubernetes' own validation."""

from __future__ import annotations

from typing import Any

import pytest

CORE = "/api/v1/namespaces/default"
APPS = "/apis/apps/v1/namespaces/default"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
HOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'"
OK = {"name": "a", "image": "b"}


@pytest.fixture(scope="module", autouse=True)
def _account(http: Any) -> None:
    http("POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "default"}})


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x"}, "spec": {"containers": [OK]} | spec}


def container(**fields: Any) -> dict[str, Any]:
    return pod(containers=[OK | fields])


def deployment(**spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [OK]}}
    whole = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    return {"metadata": {"name": "x"}, "spec": whole | spec}


# (what is made, in which collection, a part of each cause in order)
REFUSED: list[tuple[dict[str, Any], str, list[str]]] = [
    (pod(containers=[]), "pods", ["spec.containers: Required value"]),
    (
        pod(containers=[{"name": "A_b"}, OK, OK]),
        "pods",
        [
            f'spec.containers[0].name: Invalid value: "A_b": {LABEL}',
            "spec.containers[0].image: Required value",
            'spec.containers[2].name: Duplicate value: "a"',
        ],
    ),
    (
        container(ports=[{"containerPort": 70000, "protocol": "FOO", "name": "a--b"}]),
        "pods",
        [
            'ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens',
            "ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            'ports[0].protocol: Unsupported value: "FOO": supported values: "SCTP", "TCP", "UDP"',
        ],
    ),
    (
        container(env=[{"name": "A="}, {"name": "B", "valueFrom": {}}, {"value": "c"}]),
        "pods",
        [
            'env[0].name: Invalid value: "A=": a valid environment variable name must consist only',
            'env[1].valueFrom: Invalid value: "": must specify one of: `fieldRef`',
            "env[2].name: Required value",
        ],
    ),
    (
        container(volumeMounts=[{"name": "v", "mountPath": "/a"}]),
        "pods",
        ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
    ),
    (
        container(resources={"limits": {"cpu": "1", "foo": "1"}, "requests": {"cpu": "2"}}),
        "pods",
        [
            'resources.limits[foo]: Invalid value: "foo": must be a standard resource',
            'resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
            'resources.requests[foo]: Invalid value: "foo": must be a standard resource',
        ],
    ),
    (
        container(imagePullPolicy="X", livenessProbe={}, securityContext={"runAsUser": -1}),
        "pods",
        [
            'imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent"',
            "securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647",
            "livenessProbe: Required value: must specify a handler type",
        ],
    ),
    (
        pod(restartPolicy="X", dnsPolicy="Y", tolerations=[{"operator": "Z"}]),
        "pods",
        [
            'restartPolicy: Unsupported value: "X": supported values: "Always", "OnFailure"',
            'dnsPolicy: Unsupported value: "Y": supported values: "ClusterFirstWithHostNet"',
            'tolerations[0].operator: Invalid value: "Z": operator must be Exists when `key`',
            'tolerations[0].operator: Unsupported value: "Z": supported values: "Equal", "Exists"',
        ],
    ),
    (
        pod(
            volumes=[
                {"name": "v", "emptyDir": {}},
                {"name": "v", "emptyDir": {}},
                {"name": "s", "secret": {}},
                {
                    "name": "t",
                    "projected": {
                        "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 60}}]
                    },
                },
            ]
        ),
        "pods",
        [
            'spec.volumes[1].name: Duplicate value: "v"',
            "spec.volumes[2].secret.secretName: Required value",
            "expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes",
        ],
    ),
    (
        deployment(replicas=-1, selector={"matchLabels": {"a": "c"}}, strategy={"type": "X"}),
        "deployments",
        [
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match',
            "spec.strategy: Unsupported value: ",
        ],
    ),
    (
        deployment(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
        "deployments",
        ["rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
    ),
    (
        deployment(selector={}),
        "deployments",
        ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
    ),
    (
        {"metadata": {"name": "x"}, "spec": deployment()["spec"] | {"selector": None}},
        "jobs",
        ['restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ),
    (
        {"metadata": {"name": "x"}, "data": {"a b": "c"}},
        "configmaps",
        ['data[a b]: Invalid value: "a b": a valid config key must consist of'],
    ),
    (
        {"metadata": {"name": "x", "finalizers": ["f"]}},
        "configmaps",
        ['metadata.finalizers[0]: Invalid value: "f": name is neither a standard finalizer name'],
    ),
    (
        {"metadata": {"name": "x"}, "involvedObject": {"namespace": "other"}},
        "events",
        ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ),
    (
        {"metadata": {"name": "x"}, "type": "kubernetes.io/tls"},
        "secrets",
        ["data[tls.crt]: Required value", "data[tls.key]: Required value"],
    ),
    (
        {"metadata": {"name": "1x"}, "spec": {"ports": [{"port": 0}, {"port": 80}], "type": "X"}},
        "services",
        [
            'metadata.name: Invalid value: "1x": a DNS-1035 label must consist of',
            "spec.ports[0].name: Required value",
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.ports[0].targetPort: Invalid value: 0",
            "spec.ports[1].name: Required value",
            'spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName"',
        ],
    ),
    (
        {"metadata": {"name": "x"}, "rules": [{"nonResourceURLs": ["/x"]}]},
        "roles",
        [
            "rules[0].verbs: Required value: verbs must contain at least one value",
            'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply',
        ],
    ),
    (
        {
            "metadata": {"name": "x"},
            "subjects": [{"kind": "X", "name": ""}],
            "roleRef": {"kind": "Y"},
        },
        "rolebindings",
        [
            'roleRef.kind: Unsupported value: "Y": supported values: "Role", "ClusterRole"',
            "roleRef.name: Required value",
            "subjects[0].name: Required value",
            'subjects[0].kind: Unsupported value: "X": supported values: "ServiceAccount", "User"',
        ],
    ),
    (
        {"metadata": {"name": "x"}, "webhooks": [{"name": "w", "clientConfig": {}}]},
        "mutatingwebhookconfigurations",
        [
            'webhooks[0].name: Invalid value: "w": should be a domain with at least three segments',
            "webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun",
            "webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1",
            "webhooks[0].clientConfig: Required value: exactly one of url or service is required",
        ],
    ),
    (
        {
            "metadata": {"name": "x"},
            "webhooks": [
                {
                    "name": "w.example.com",
                    "sideEffects": "None",
                    "admissionReviewVersions": ["v1"],
                    "clientConfig": {"url": "https://127.0.0.1/x"},
                    "matchConditions": [
                        {"name": "a", "expression": "object.x +"},
                        {"name": "a", "expression": "authorizer.group('').check('get').allowed()"},
                        {"name": "a b", "expression": "object.?x.hasValue()"},
                        {"name": "", "expression": " "},
                        {"name": "c", "expression": "object.x == 1"},
                    ],
                }
            ],
        },
        "validatingwebhookconfigurations",
        [
            '[0].expression: Invalid value: "object.x +": compilation failed: ERROR: <input>:1:11: '
            "Syntax error: mismatched input '<EOF>'",
            "[1].expression: Invalid value: \"authorizer.group('').check('get').allowed()\": "
            "NotImplemented: the sandbox has no authorizer in CEL expressions",
            'webhooks[0].matchConditions[1].name: Duplicate value: "a"',
            "NotImplemented: the sandbox has no optional fields (ERROR: <input>:1:7: unsupported",
            'webhooks[0].matchConditions[2].name: Invalid value: "a b": name part must consist of',
            "webhooks[0].matchConditions[3].expression: Required value",
            "webhooks[0].matchConditions[3].name: Required value",
        ],
    ),
]
PLACES = {
    "deployments": APPS,
    "jobs": "/apis/batch/v1/namespaces/default",
    "roles": f"{RBAC}/namespaces/default",
    "rolebindings": f"{RBAC}/namespaces/default",
    "mutatingwebhookconfigurations": HOOKS.rpartition("/")[0],
    "validatingwebhookconfigurations": HOOKS.rpartition("/")[0],
}


@pytest.mark.parametrize(
    ("body", "plural", "causes"), REFUSED, ids=[f"{p}: {c[0][:40]}" for _, p, c in REFUSED]
)
def test_every_fault_is_named_in_order(
    http: Any, body: dict[str, Any], plural: str, causes: list[str]
) -> None:
    answer = http("POST", f"{PLACES.get(plural, CORE)}/{plural}", body)
    assert answer.status_code == 422, answer.text
    found = answer.json()["details"]["causes"]
    texts = [f"{cause['field']}: {cause['message']}" for cause in found]
    assert len(texts) == len(causes), texts
    for text, part in zip(texts, causes, strict=True):
        assert part in text


# (made, then patched, the one cause)
FINAL = [
    (
        "configmaps",
        {"immutable": True, "data": {"a": "b"}},
        {"data": {"a": "c"}},
        "data: Forbidden: field is immutable when `immutable` is set",
    ),
    ("secrets", {}, {"type": "X"}, 'type: Invalid value: "X": field is immutable'),
    (
        "services",
        {"spec": {"ports": [{"port": 80}]}},
        {"spec": {"clusterIP": "10.100.9.9"}},
        'spec.clusterIPs[0]: Invalid value: ["10.100.9.9"]: may not change once set',
    ),
    (
        "deployments",
        deployment(),
        {
            "spec": {
                "selector": {"matchLabels": {"a": "c"}},
                "template": {"metadata": {"labels": {"a": "c"}}},
            }
        },
        'spec.selector: Invalid value: {"matchLabels":{"a":"c"}}: field is immutable',
    ),
    (
        "rolebindings",
        {"roleRef": {"kind": "Role", "name": "r"}},
        {"roleRef": {"name": "s"}},
        'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"s"}'
        ": cannot change roleRef",
    ),
    (
        "pods",
        pod(),
        {"spec": {"containers": [OK | {"env": [{"name": "A", "value": "b"}]}]}},
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`",
    ),
    (
        "pods",
        pod(),
        {"spec": {"containers": [OK, {"name": "c", "image": "d"}]}},
        "spec.containers: Forbidden: pod updates may not add or remove containers",
    ),
]


@pytest.mark.parametrize(
    ("plural", "made", "patch", "cause"), FINAL, ids=[each[3][:30] for each in FINAL]
)
def test_what_is_final_stays(
    http: Any, plural: str, made: dict[str, Any], patch: dict[str, Any], cause: str
) -> None:
    place = f"{PLACES.get(plural, CORE)}/{plural}"
    assert http("POST", place, made | {"metadata": {"name": "final"}}).status_code == 201
    kind = {"Content-Type": "application/merge-patch+json"}
    answer = http("PATCH", f"{place}/final", patch, headers=kind)
    http("DELETE", f"{place}/final")
    assert answer.status_code == 422
    [found] = answer.json()["details"]["causes"]
    assert f"{found['field']}: {found['message']}".startswith(cause)


def test_an_object_is_kept_as_go_would_write_it(http: Any) -> None:
    fields = {
        "env": [{"name": "A", "value": ""}],
        "stdin": False,
        "args": [],
        "securityContext": {},
        "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}},
    }
    body = container(**fields) | {"metadata": {"name": "bare", "labels": {}, "annotations": None}}
    made = http("POST", f"{CORE}/pods?dryRun=All", body).json()
    [kept] = made["spec"]["containers"]
    assert kept["env"] == [{"name": "A"}]
    assert kept["securityContext"] == {}
    assert kept["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    assert kept["resources"]["requests"] == kept["resources"]["limits"]
    assert not {"stdin", "args"} & kept.keys()
    assert not {"labels", "annotations"} & made["metadata"].keys()
    assert [*made][:3] == ["kind", "apiVersion", "metadata"]


def test_what_is_on_its_way_out_gets_no_new_finalizer(http: Any) -> None:
    path = f"{CORE}/configmaps/final"
    merge = {"content-type": "application/merge-patch+json"}
    finalizers = ["example.com/a", "example.com/b"]
    http("POST", f"{CORE}/configmaps", {"metadata": {"name": "final", "finalizers": finalizers}})
    http("DELETE", path)
    more = {"metadata": {"finalizers": ["example.com/a", "example.com/z", "example.com/c"]}}
    refused = http("PATCH", path, more, headers=merge)
    assert (refused.status_code, refused.json()["message"]) == (
        422,
        'ConfigMap "final" is invalid: metadata.finalizers: Forbidden: no new finalizers can be '
        "added if the object is being deleted, found new finalizers "
        '[]string{"example.com/c", "example.com/z"}',
    )
    fewer = {"metadata": {"finalizers": ["example.com/a"]}}
    assert http("PATCH", path, fewer, headers=merge).status_code == 200
    assert http("PATCH", path, {"metadata": {"finalizers": None}}, headers=merge).status_code == 200
    assert http("GET", path).status_code == 404
