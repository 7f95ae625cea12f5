"""Amazon Resource Names and the names that an OIDC issuer gives rise to.

Source: IAM User Guide, "IAM identifiers"; "Create an OpenID Connect identity provider in IAM".
"""

from __future__ import annotations

from dataclasses import dataclass

from irsa_helpers.errors import IrsaLabError


@dataclass(frozen=True)
class Arn:
    """The six parts of `arn:partition:service:region:account-id:resource`."""

    partition: str
    service: str
    region: str
    account_id: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """The parts of an ARN such as `arn:aws:iam::111122223333:role/enginrect-irsa-role`.

        Raises IrsaLabError where the text has fewer than six parts or does not begin with `arn:`.
        """
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise IrsaLabError(
                f"{text!r} is not an ARN",
                next_step="write it whole: arn:aws:iam::111122223333:role/enginrect-irsa-role",
            )
        return cls(*parts[1:])

    def __str__(self) -> str:
        return ":".join(
            ("arn", self.partition, self.service, self.region, self.account_id, self.resource)
        )


def issuer_host_path(issuer_url: str) -> str:
    """The issuer without its scheme: what IAM puts in the provider's ARN and in condition keys.

    `https://oidc.eks.ap-northeast-2.amazonaws.com/id/EXAMPLE` gives
    `oidc.eks.ap-northeast-2.amazonaws.com/id/EXAMPLE`.
    """
    return issuer_url.removeprefix("https://")


def provider_arn(issuer_url: str, account_id: str, partition: str = "aws") -> str:
    """The ARN that IAM gives to the OIDC provider of an issuer: it follows from the URL alone."""
    return f"arn:{partition}:iam::{account_id}:oidc-provider/{issuer_host_path(issuer_url)}"


def role_arn(account_id: str, name: str, path: str = "/", partition: str = "aws") -> str:
    """The ARN of a role; `path` begins and ends with a slash."""
    return f"arn:{partition}:iam::{account_id}:role{path}{name}"
