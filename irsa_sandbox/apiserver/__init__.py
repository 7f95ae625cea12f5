"""The Kubernetes API server of the sandbox: small, and enough for real clients."""

from irsa_sandbox.apiserver.access.authn import User
from irsa_sandbox.apiserver.app import KubernetesApi, KubernetesSettings, create
from irsa_sandbox.apiserver.published.discovery import VERSION

__all__ = ["VERSION", "KubernetesApi", "KubernetesSettings", "User", "create"]
