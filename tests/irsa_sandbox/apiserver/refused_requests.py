"""Requests that make no sense, and the start of the message that refuses each."""

from __future__ import annotations

CORE = "/api/v1/namespaces/default"
MAPS = f"{CORE}/configmaps"
PODS = f"{CORE}/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
PATH_NOT_FOUND = "the server could not find the requested resource"
NOT_ALLOWED = "the server does not allow this method on the requested resource"
UNREADABLE = "the object provided is unrecognized (must be of type ConfigMap): couldn't get "
UNREADABLE += "version/kind; json parse error: "
AS_CONFIG_MAP = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: '

# (method, path, content type, body, status, the message or its start)
TABLE: list[tuple[str, str, str, str, int, str]] = [
    # Paths and methods.
    ("GET", "/api/v1/widgets", "", "", 404, PATH_NOT_FOUND),
    ("GET", f"{PODS}/x/nosuch", "", "", 404, PATH_NOT_FOUND),
    ("GET", f"{CORE}/serviceaccounts/x/scale", "", "", 404, PATH_NOT_FOUND),
    ("GET", f"{PODS}/x/portforward", "", "", 404, 'pods "x" not found'),
    ("GET", f"{PODS}/x", "", "", 404, 'pods "x" not found'),
    ("PUT", PODS, "", "{}", 405, NOT_ALLOWED),
    ("POST", f"{PODS}/x", "", "{}", 405, NOT_ALLOWED),
    ("DELETE", "/api/v1/pods", "", "", 405, NOT_ALLOWED),
    ("DELETE", "/api/v1/namespaces", "", "", 405, NOT_ALLOWED),
    ("OPTIONS", PODS, "", "", 405, NOT_ALLOWED),
    ("GET", f"{CORE}/serviceaccounts/x/token", "", "", 405, NOT_ALLOWED),
    ("POST", "/version", "", "", 405, NOT_ALLOWED),
    ("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", "", "{}", 405, NOT_ALLOWED),
    ("DELETE", "/api/v1/namespaces/default", "", "", 403, 'namespaces "default" is forbidden'),
    # Lists and watches.
    ("GET", f"{PODS}?limit=x", "", "", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
    (
        "GET",
        f"{PODS}?resourceVersion=x",
        "",
        "",
        500,
        'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ),
    ("GET", f"{PODS}?resourceVersion=999999", "", "", 504, "Too large resource version: 999999"),
    ("GET", f"{PODS}?continue=!", "", "", 400, "invalid continue token: continue key is not"),
    (
        "GET",
        f"{PODS}?resourceVersionMatch=Exact",
        "",
        "",
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
        "resourceVersionMatch is forbidden unless resourceVersion is provided",
    ),
    (
        "GET",
        f"{PODS}?watch=1&sendInitialEvents=true",
        "",
        "",
        422,
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    ),
    (
        "GET",
        f"{PODS}?sendInitialEvents=true",
        "",
        "",
        422,
        'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is',
    ),
    # Selectors.
    ("GET", f"{PODS}?fieldSelector=spec.x=y", "", "", 400, "field label not supported: spec.x"),
    (
        "GET",
        f"{MAPS}?fieldSelector=data.x=y",
        "",
        "",
        400,
        '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ),
    (
        "GET",
        f"{PODS}?fieldSelector=x",
        "",
        "",
        400,
        "invalid selector: 'x'; can't understand 'x'",
    ),
    *(
        ("GET", f"{PODS}?labelSelector={text}", "", "", 400, message)
        for text, message in (
            (
                "a%20b",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
            ("a%20in%20(b", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a%20in%20b", "unable to parse requirement: found 'b' expected: '('"),
            ("a=!b", "unable to parse requirement: found '!', expected: identifier"),
            ("a=b%20c", "found 'c', expected: ',' or 'end of string'"),
            ("a=b,", "found '', expected: identifier after ','"),
            (",", "found ',', expected: !, identifier, or 'end of string'"),
            ("a>b", "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt'"),
            ("-a", 'unable to parse requirement: <nil>: Invalid value: "-a": name part must'),
        )
    ),
    # Bodies.
    ("POST", MAPS, "", "{x", 400, f"{UNREADABLE}invalid character 'x' looking for beginning of "),
    ("POST", MAPS, "", "{", 400, f"{UNREADABLE}unexpected end of JSON input ({{)"),
    ("POST", MAPS, "", '{"a":tru}', 400, f"{UNREADABLE}invalid character '}}' in literal true (ex"),
    ("POST", MAPS, "", '{"a":1 2}', 400, f"{UNREADABLE}invalid character '2' after object key:val"),
    ("POST", MAPS, "", "[1 2]", 400, f"{UNREADABLE}invalid character '2' after array element"),
    ("POST", MAPS, "", "[]", 400, f"{UNREADABLE}json: cannot unmarshal array into Go value of ty"),
    ("POST", MAPS, "application/yaml", "a: [", 400, f"{UNREADABLE}error converting YAML to JSON"),
    ("POST", MAPS, "text/plain", "x", 415, "the body of the request was in an unknown format - "),
    (
        "POST",
        MAPS,
        "",
        '{"data":{"a":5}}',
        400,
        f"{AS_CONFIG_MAP}json: cannot unmarshal number into Go struct field ConfigMap.data of type",
    ),
    (
        "POST",
        MAPS,
        "",
        '{"apiVersion":"apps/v1","kind":"ConfigMap"}',
        400,
        f'{AS_CONFIG_MAP}no kind "ConfigMap" is registered for version "apps/v1" in scheme',
    ),
    (
        "POST",
        f"{MAPS}?fieldValidation=Strict",
        "",
        '{"metadata":{"name":"a","name":"b"},"x":1}',
        400,
        f'{AS_CONFIG_MAP}strict decoding error: duplicate field "metadata.name", unknown field "x"',
    ),
    (
        "POST",
        f"{CORE}/secrets",
        "",
        '{"metadata":{"name":"s"},"data":{"a":"!"}}',
        400,
        'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
    ),
    (
        "POST",
        PODS,
        "",
        '{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}',
        400,
        'Pod in version "v1" cannot be handled as a Pod: quantities must match the regular expres',
    ),
    (
        "POST",
        MAPS,
        "",
        '{"metadata":{"name":"a","resourceVersion":"1"}}',
        500,
        "resourceVersion should not be set on objects to be created",
    ),
    (
        "POST",
        f"{MAPS}?dryRun=x",
        "",
        "{}",
        422,
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["x"]: supported',
    ),
    (
        "POST",
        f"{MAPS}?fieldValidation=x",
        "",
        "{}",
        422,
        'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "x"',
    ),
    # Patches.
    ("PATCH", f"{MAPS}/m", "application/json", "{}", 415, "the body of the request was in an unkn"),
    ("PATCH", f"{MAPS}/m", JSON_PATCH, "{}", 400, "error decoding patch: json: cannot unmarshal o"),
    ("PATCH", f"{MAPS}/m", MERGE, "[]", 400, "error decoding patch: json: cannot unmarshal array"),
    ("PATCH", f"{MAPS}/m", MERGE, "{x", 400, "error decoding patch: invalid character 'x' looking"),
    ("PATCH", f"{MAPS}/m", STRATEGIC, "[]", 400, "json: cannot unmarshal array into Go value of"),
    (
        "PATCH",
        f"{MAPS}/m",
        JSON_PATCH,
        '[{"op":"remove","path":"/data/none"}]',
        422,
        "the server rejected our request due to an error in our request",
    ),
    (
        "PATCH",
        f"{MAPS}/m",
        STRATEGIC,
        '{"data":{"a":5}}',
        422,
        ' "" is invalid: patch: Invalid value: "map[data:map[a:5]]": cannot convert int64 to st',
    ),
    (
        "PATCH",
        f"{MAPS}/m?fieldValidation=Strict",
        STRATEGIC,
        '{"x":1}',
        422,
        ' "" is invalid: patch: Invalid value: "map[x:1]": strict decoding error: unknown field',
    ),
    (
        "PATCH",
        f"{DEPLOYMENTS}/d",
        STRATEGIC,
        '{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}',
        400,
        "map: map[image:x] does not contain declared merge key: name",
    ),
    (
        "PATCH",
        f"{MAPS}/m?force=true",
        MERGE,
        "{}",
        422,
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non',
    ),
    (
        "PATCH",
        f"{MAPS}/m?fieldManager=me",
        APPLY,
        '{"apiVersion":"v1","kind":"ConfigMap","dat":{}}',
        500,
        "failed to create typed patch object (default/; /v1, Kind=ConfigMap): .dat: field not decl",
    ),
    (
        "PATCH",
        f"{MAPS}/m?fieldManager=me",
        APPLY,
        '{"apiVersion":"v1","kind":"ConfigMap","data":{"a":5},"x":1}',
        500,
        "failed to create typed patch object (default/; /v1, Kind=ConfigMap): errors:\n  .data.a: "
        "expected string, got &value.valueUnstructured{Value:5}\n  .x: field not declared in sch",
    ),
    # Updates and deletions.
    ("PUT", f"{MAPS}/m", "", '{"metadata":{"name":"n"}}', 400, "the name of the object (n) does "),
    (
        "PUT",
        f"{MAPS}/m",
        "",
        '{"metadata":{"name":"m","resourceVersion":"1"}}',
        409,
        'Operation cannot be fulfilled on configmaps "m": the object has been modified; please',
    ),
    (
        "PUT",
        f"{MAPS}/m",
        "",
        '{"metadata":{"name":"m","uid":"x"}}',
        409,
        'Operation cannot be fulfilled on configmaps "m": StorageError: invalid object, Code: 4',
    ),
    (
        "DELETE",
        f"{MAPS}/m",
        "",
        '{"preconditions":{"uid":"x"}}',
        409,
        'Operation cannot be fulfilled on ConfigMap "m": the UID in the precondition (x) does not',
    ),
    (
        "DELETE",
        f"{MAPS}/m",
        "",
        '{"propagationPolicy":"X"}',
        422,
        'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "X"',
    ),
    # Scales, tokens, reviews.
    (
        "PATCH",
        f"{DEPLOYMENTS}/d/scale",
        MERGE,
        '{"spec":{"replicas":-1}}',
        422,
        'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than',
    ),
    (
        "POST",
        f"{CORE}/serviceaccounts/a/token",
        "",
        '{"kind":"Pod","apiVersion":"v1"}',
        400,
        'Pod in version "v1" cannot be handled as a TokenRequest: converting (v1.Pod) to '
        "(authentication.TokenRequest): unknown conversion",
    ),
    (
        "POST",
        f"{CORE}/serviceaccounts/a/token",
        "",
        '{"spec":{"boundObjectRef":{"kind":"X","apiVersion":"v1"}}}',
        400,
        "cannot bind token to object of type /v1, Kind=X",
    ),
    (
        "POST",
        f"{CORE}/serviceaccounts/a/token",
        "",
        '{"spec":{"audiences":"x"}}',
        400,
        'TokenRequest in version "v1" cannot be handled as a TokenRequest: json: cannot unmarsh',
    ),
    (
        "POST",
        "/apis/authentication.k8s.io/v1/tokenreviews",
        "",
        "{}",
        400,
        "token is required for TokenReview in authentication",
    ),
    (
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "",
        "{}",
        422,
        'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Inva',
    ),
    (
        "POST",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        "",
        '{"spec":{"resourceAttributes":{}}}',
        422,
        'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at',
    ),
]
