"""The whole handshake as one picture: what the README and the first notebook show.

`python -m irsa_helpers.views.picture > notebooks/images/handshake.svg` writes it.
"""

from __future__ import annotations

from irsa_helpers.views.dark import with_dark
from irsa_helpers.views.svg import handshake_svg

ARROWS = (
    ("API server", "webhook", "a Pod is created: its ServiceAccount names a role"),
    ("webhook", "API server", "the Pod gets a token volume and two variables"),
    ("kubelet", "API server", "TokenRequest: a token for sts.amazonaws.com"),
    ("kubelet", "Pod", "the token stands in a file, and is kept fresh"),
    ("Pod", "STS", "AssumeRoleWithWebIdentity: here is my token, I want this role"),
    ("STS", "IAM", "is the token's issuer a registered OIDC provider?"),
    ("STS", "issuer", "the public keys: is the signature good?"),
    ("STS", "IAM", "does the role's trust policy admit this :sub and :aud?"),
    ("STS", "Pod", "temporary credentials of the role"),
    ("Pod", "AWS service", "s3:GetObject: does the role's permission policy allow it?"),
)


def handshake_picture() -> str:
    """The picture as SVG text."""
    hops = [
        {
            "kind": "picture",
            "source": source,
            "target": target,
            "summary": summary,
            "outcome": "ok",
            "detail": {},
        }
        for source, target, summary in ARROWS
    ]
    return with_dark(handshake_svg(hops, emphasis=False))


if __name__ == "__main__":
    print(handshake_picture())
