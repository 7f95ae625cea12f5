"""What an SDK is told by its environment, as botocore knows it."""

from __future__ import annotations

import boto3

from irsa_helpers.doctor.links.sdk import _fips_regions
from irsa_helpers.ground import descriptions


def test_a_client_that_was_made_before_gives_no_region_a_fips_endpoint() -> None:
    descriptions.share()
    boto3.client("sts", region_name="ap-northeast-2")
    _fips_regions.cache_clear()
    assert _fips_regions("aws") == {"us-east-1", "us-east-2", "us-west-1", "us-west-2"}
