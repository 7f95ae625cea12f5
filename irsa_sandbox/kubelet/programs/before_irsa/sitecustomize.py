"""An SDK of before IRSA: what reads AWS_WEB_IDENTITY_TOKEN_FILE finds nothing.

Python imports this by itself in the containers of an image whose SDK is that old. Everything else
is the SDK that is installed. Source: EKS User Guide, "Use a supported AWS SDK" (boto3 1.9.220).
"""

from typing import Any

import botocore.credentials

_create = botocore.credentials.create_credential_resolver


def _without_web_identity(*args: Any, **options: Any) -> Any:
    resolver = _create(*args, **options)
    resolver.get_provider("assume-role-with-web-identity").load = lambda: None
    return resolver


botocore.credentials.create_credential_resolver = _without_web_identity
