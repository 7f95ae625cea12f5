"""AWS's managed policies, which people attach without a look."""

from __future__ import annotations

import json

from irsa_helpers.policy import parse_policy


def test_every_managed_policy_of_aws_can_be_read() -> None:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    policies = json.loads(aws_managed_policies_data)
    assert len(policies) > 1_000
    for policy in policies.values():
        assert parse_policy(policy["Document"]).statements
