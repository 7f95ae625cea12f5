"""No check ends the doctor, whatever stands in the cluster."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from irsa_helpers.doctor import LINKS
from tests.doctor.chains import Chain, policy

TEXTS = st.sampled_from(["", "x", "aws-iam-token", "*", "arn:aws:iam::1:role/x", "$(A)", "\n", "ü"])
VALUES = st.one_of(st.none(), TEXTS, st.integers(-1, 2), st.lists(TEXTS, max_size=2))
VOLUMES = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["aws-iam-token", "x"])},
        optional={
            "projected": st.sampled_from([{}, {"sources": []}, {"sources": [{"secret": {}}]}]),
            "configMap": st.sampled_from([{}, {"name": "gone"}, {"items": None}]),
            "emptyDir": st.just({}),
        },
    ),
    max_size=3,
)
VARIABLES = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["AWS_ROLE_ARN", "AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_REGION",
                                  "AWS_ACCESS_KEY_ID", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"])},
        optional={
            "value": TEXTS,
            "valueFrom": st.sampled_from([{}, {"fieldRef": {}}, {"secretKeyRef": {"name": "x"}}]),
        },
    ),
    max_size=4,
)  # fmt: skip
CONTAINERS = st.fixed_dictionaries(
    {"name": st.just("app")},
    optional={
        "env": st.one_of(st.none(), VARIABLES),
        "envFrom": st.sampled_from([None, [], [{}], [{"configMapRef": {}}]]),
        "volumeMounts": st.sampled_from([None, [], [{"name": "x", "mountPath": "/x"}]]),
        "securityContext": st.sampled_from([None, {}, {"runAsUser": 0}]),
    },
)
STATES = st.sampled_from(
    [{}, {"state": {}}, {"name": "app", "state": {"waiting": {}}}, {"name": "app", "state": None}]
)
STATEMENTS = st.lists(
    st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Allow", "Deny", ""])},
        optional={
            "Principal": VALUES,
            "Action": VALUES,
            "NotAction": VALUES,
            "Resource": VALUES,
            "Condition": st.sampled_from([{}, {"StringLike": {"aws:SourceVpc": "x"}}, {"X": {}}]),
        },
    ),
    max_size=3,
)


@given(
    containers=st.lists(CONTAINERS, min_size=1, max_size=2),
    volumes=st.one_of(st.none(), VOLUMES),
    status=st.lists(STATES, max_size=2),
    statements=STATEMENTS,
    annotation=VALUES,
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_link_is_told_of_whatever_there_is(
    containers: list[Any], volumes: Any, status: list[Any], statements: list[Any], annotation: Any
) -> None:
    chain = Chain()
    for key, found in chain.world.objects.items():
        if key[0] == "Pod" and key[2].startswith("app-"):
            found["spec"] |= {"containers": containers, "volumes": volumes}
            found["status"] = {"containerStatuses": status}
    chain.spec["containers"] = containers
    chain.annotate("eks.amazonaws.com/role-arn", annotation)
    chain.role["inline"]["read"] = policy(*statements)
    chain.world.buckets["shop-data"] = policy(*statements)
    chain.role["trust"] = policy(*statements)
    found = chain.diagnose()
    assert [link.name for link in found.links] == [*LINKS, "app-log"]
    assert found.text()
