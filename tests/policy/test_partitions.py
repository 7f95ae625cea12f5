"""What is said of an ARN holds in every partition that botocore knows."""

from __future__ import annotations

import botocore.session
import pytest

from irsa_helpers.policy.match import names_whole_account, principal_matches
from irsa_helpers.policy.permission_findings import check_permission_policy
from irsa_helpers.serviceaccounts import ROLE_ARN_FORM

PARTITIONS = botocore.session.get_session().get_available_partitions()


@pytest.mark.parametrize("partition", PARTITIONS)
def test_an_account_as_principal_is_of_the_callers_partition(partition: str) -> None:
    caller = f"arn:{partition}:iam::111122223333:user/me"
    own = f"arn:{partition}:iam::111122223333:root"
    assert names_whole_account(own, caller)
    assert principal_matches([("AWS", own)], caller) == own
    assert principal_matches([("AWS", "arn:other:iam::111122223333:root")], caller) is None


@pytest.mark.parametrize("partition", PARTITIONS)
def test_findings_look_at_buckets_of_every_partition(partition: str) -> None:
    def codes(action: str, resource: str) -> set[str]:
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        found = check_permission_policy({"Version": "2012-10-17", "Statement": [statement]})
        return {finding.name for finding in found}

    assert "bucket-for-objects" in codes("s3:GetObject", f"arn:{partition}:s3:::b")
    assert "wide-resource" in codes("s3:GetObject", f"arn:{partition}:s3:::*")


@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_role_of_every_partition_is_one(partition: str) -> None:
    assert ROLE_ARN_FORM.fullmatch(f"arn:{partition}:iam::111122223333:role/enginrect-irsa-role")
