"""What breaks a notebook's key step, and what its closing check must then say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Break:
    """A cell that breaks something, the cause that the check names, a cell that mends it."""

    breaking: str
    cause: str
    mending: str = ""


BREAKS = {
    "00": [
        Break(
            "bucket = f'enginrect-data-{world.cluster.account_id}'\n"
            'world.aws("s3").delete_object(Bucket=bucket, Key="hello.txt")',
            "updated S3 bucket",
        ),
        Break(
            'world.aws("dynamodb").delete_table(TableName="enginrect-table")',
            "created DynamoDB table enginrect-table",
        ),
    ],
    "01": [
        Break("leaked = read_bucket('tracker')", "tracker could not read", "leaked = True"),
        Break(
            'kept = dict(seen); ensure_deployment(world, "shop", service_account="default")\n'
            'look("IRSA")',
            "IRSA: AWS saw .*node-role",
            "seen = kept",
        ),
    ],
    "02": [
        Break("ensure_no_provider(world)", "IAM has no OIDC provider"),
        Break(
            'iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazon.com"])',
            r"lists the audiences \['sts.amazon.com'\]",
            "ensure_provider(world)",
        ),
    ],
    "03": [
        Break("set_trust(broken)", "enginrect-SA', but names in Kubernetes have no capitals"),
        Break("set_trust(wide)", "whoever can make a namespace or ServiceAccount gets in"),
        Break(
            'set_trust(build_trust_policy(other, "default", "enginrect-sa"))',
            "the provider is that of another issuer",
        ),
        Break(
            'catch_up(world, "deployment"); iam.delete_role_policy('
            'RoleName="enginrect-irsa-role", PolicyName="read-bucket")\n'
            'iam.delete_role(RoleName="enginrect-irsa-role")',
            "there is no role enginrect-irsa-role",
            "set_trust(trust)",
        ),
    ],
    "04": [
        Break('annotate("role-arn", None)', "enginrect-sa has no such annotation"),
        Break(
            'annotate("role-arn", "enginrect-irsa-role")',
            "role-arn: 'enginrect-irsa-role'; expected: arn:aws:iam::ACCOUNT-ID:role/NAME",
        ),
        Break(
            'annotate("role-arn", role + "s")',
            "account 111122223333 has no role enginrect-irsa-roles",
            'annotate("role-arn", role)',
        ),
    ],
    "05": [
        Break(
            'ensure_deployment(world, "s3-access-app", service_account="default")',
            "serviceAccountName: default",
            'ensure_deployment(world, "s3-access-app", service_account="enginrect-sa")',
        ),
        Break(
            'world.aws("iam").delete_role_policy(RoleName=ROLE, PolicyName="read-bucket")',
            "the Pod cannot read s3://",
            'catch_up(world, through="role")',
        ),
    ],
    "06": [
        Break("kept, narrow = narrow, lazy", r"the action s3:\* allows also what the app never"),
        Break("narrow = tidy", "s3:GetObject is an action on objects"),
        Break(
            "narrow = build_bucket_read_policy(salaries)",
            "the app cannot do its work any more",
            "narrow = kept",
        ),
    ],
    "07": [
        Break(
            'ensure_role(world, "enginrect-teams-role", build_pod_identity_trust_policy(),\n'
            '            permission_policies=folder("*"))\n'
            "kept, tagged = tagged, who_reads_what(world, bucket, TEAMS.values())",
            "team-blue reads the plan of team-green",
            "tagged = kept",
        ),
        Break(
            "from irsa_helpers.pod_identity import ensure_no_association\n"
            'ensure_no_association(world, "app", namespace="team-green")\n'
            'ensure_role(world, "enginrect-blue-role", wide)\n'
            'restart_deployment(world, "app", namespace="team-green")\n'
            'kept, closed = closed, how_it_reads(world, bucket, "team-green", of="team-blue")',
            "the trust policy is too wide",
            'closed = kept; ensure_role(world, "enginrect-blue-role", right)',
        ),
    ],
    "08": [
        Break("kept, with_pods = with_pods, look()", "was it made anew", "with_pods = kept"),
        Break(
            "ensure_role(world, ROLE, both)\n"
            "ensure_association(world, SERVICE_ACCOUNT, role_arn=own_role)\n"
            "restart_deployment(world, DEPLOYMENT)",
            "pod-identity: EKS Pod Identity gives",
            "ensure_no_association(world, SERVICE_ACCOUNT)\n"
            "ensure_role(world, ROLE, trust_policy(world))\n"
            "restart_deployment(world, DEPLOYMENT)",
        ),
    ],
    "09": [
        Break('forms["Terraform"] = edited', "Terraform: built and written differ"),
        Break(
            'forms["Terraform"] = terraform(built)\n'
            'made = forms["CloudFormation"]\n'
            'forms["CloudFormation"] = made.replace("s3:GetObject", "s3:*")',
            "CloudFormation: .*the permission policies are other ones",
            'forms["CloudFormation"] = made',
        ),
    ],
}
