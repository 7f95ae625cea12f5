"""Notebook 06: what the permission policies that a learner wrote allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irsa_course.exercises.permission_answers import Call, judge_permissions, resources
from irsa_helpers import course, roles

if TYPE_CHECKING:
    from irsa_course.exercises.judging import Judgement
    from irsa_helpers.policy import Policy
    from irsa_helpers.worlds import World

EVERYTHING_IN_S3 = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
}


def names(world: World) -> dict[str, Any]:
    """What the notebook's cells have made."""
    bucket = course.bucket_name(world)
    return {
        "bucket": bucket,
        "salaries": f"enginrect-salaries-{world.cluster.account_id}",
        "narrow": roles.build_bucket_read_policy(bucket),
        "policy_of": lambda *statements: {"Version": "2012-10-17", "Statement": list(statements)},
    }


def _arns(world: World) -> tuple[str, str]:
    """The app's bucket, and the one that is none of its business."""
    made = names(world)
    return f"arn:aws:s3:::{made['bucket']}", f"arn:aws:s3:::{made['salaries']}"


def cut(world: World, policy: Any) -> Judgement:
    """It allows to list the bucket and to read all that is in it."""
    bucket, salaries = _arns(world)
    calls = (
        Call("s3:ListBucket", bucket, True),
        Call("s3:GetObject", f"{bucket}/{course.OBJECT}", True),
        Call("s3:GetObject", f"{bucket}/made/tomorrow.csv", True),
        Call("s3:PutObject", f"{bucket}/{course.OBJECT}", False),
        Call("s3:DeleteObject", f"{bucket}/{course.OBJECT}", False),
        Call("s3:GetObjectAcl", f"{bucket}/{course.OBJECT}", False),
        Call("s3:ListBucketVersions", bucket, False),
        Call("s3:GetBucketPolicy", bucket, False),
        Call("s3:GetObject", f"{bucket}-of-another-app/anything", False),
        Call("s3:ListBucket", salaries, False),
        Call("s3:GetObject", f"{salaries}/2026.csv", False),
        Call("s3:GetObject", "arn:aws:s3:::made-tomorrow/anything", False),
    )

    def only_seen(policy: Policy) -> bool:
        return any(arn.endswith(f"/{course.OBJECT}") for arn in resources(policy))

    def without_slash(policy: Policy) -> bool:
        return f"{bucket}*" in resources(policy)

    slips = {"only-what-was-seen": only_seen, "star-without-slash": without_slash}
    return judge_permissions(world, policy, calls, own=slips)


def deny(world: World, policy: Any) -> Judgement:
    """It denies reading below private/ to a role that may do all in S3, and nothing else."""
    bucket, salaries = _arns(world)
    calls = (
        Call("s3:GetObject", f"{bucket}/private/keys.txt", False),
        Call("s3:GetObject", f"{bucket}/private/2026/keys.txt", False),
        Call("s3:GetObject", f"{bucket}/{course.OBJECT}", True),
        Call("s3:GetObject", f"{bucket}/private-and-public.txt", True),
        Call("s3:GetObject", f"{salaries}/2026.csv", True),
        Call("s3:PutObject", f"{bucket}/private/keys.txt", True),
        Call("s3:ListBucket", bucket, True),
    )

    def denied(policy: Policy) -> list[str]:
        always = [s for s in policy.statements if s.effect == "Deny" and not s.conditions]
        return [resource for statement in always for resource in statement.resources or ()]

    slips = {
        "no-deny": lambda policy: all(s.effect == "Allow" for s in policy.statements),
        "folder-without-slash": lambda policy: f"{bucket}/private*" in denied(policy),
        "folder-without-star": lambda policy: any(
            arn.rstrip("/").endswith("/private") for arn in denied(policy)
        ),
        "denies-all": lambda policy: bool(
            {"*", f"{bucket}/*", "arn:aws:s3:::*"} & set(denied(policy))
        ),
        "denies-writing": lambda policy: any(
            "s3:*" in statement.actions for statement in policy.statements
        ),
    }
    return judge_permissions(world, policy, calls, own=slips, beside=[EVERYTHING_IN_S3])


def prefix(world: World, policy: Any) -> Judgement:
    """It allows to list the bucket below reports/ alone."""
    bucket, _ = _arns(world)

    def listing(prefix: str | None, welcome: bool) -> Call:
        told = "without a prefix" if prefix is None else f"with the prefix {prefix}"
        context = {} if prefix is None else {"s3:prefix": prefix}
        return Call("s3:ListBucket", bucket, welcome, context, f"s3:ListBucket {told}")

    calls = (
        listing("reports/", True),
        listing("reports/2026/", True),
        listing(None, False),
        listing("private/", False),
        listing("reports-of-the-board/", False),
    )
    slips = {
        "prefix-in-arn": lambda policy: any("/reports" in arn for arn in resources(policy)),
        "no-prefix": lambda policy: any(not s.conditions for s in policy.statements),
        "if-exists": lambda policy: any(
            c.operator.endswith("IfExists") for s in policy.statements for c in s.conditions
        ),
        "no-slash": lambda policy: any(
            "reports*" in c.values for s in policy.statements for c in s.conditions
        ),
    }
    return judge_permissions(world, policy, calls, own=slips)
