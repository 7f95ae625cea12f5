"""The one AWS endpoint of the sandbox: moto keeps the records, our rules decide in front of it."""

from irsa_sandbox.aws.app import Aws, create
from irsa_sandbox.aws.settings import AwsSettings

__all__ = ["Aws", "AwsSettings", "create"]
