"""What all parts of the sandbox share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from irsa_sandbox import issuer, listeners
from irsa_sandbox.certificates import Authority
from irsa_sandbox.clock import Clock
from irsa_sandbox.identity import Identity
from irsa_sandbox.trace import Trace

# A proxy where nobody listens: whatever is not on this machine is out of reach.
# Programs read these in either spelling, and many prefer the small one.
_NO_WAY_OUT = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}
NO_WAY_OUT = _NO_WAY_OUT | {name.lower(): value for name, value in _NO_WAY_OUT.items()}
PORTS = (
    "aws",
    "kubernetes",
    "issuer",
    "webhook",
    "kubelet",
    "imds",
    "pod-identity-agent",
    "control",
)


@dataclass(frozen=True)
class Frame:
    """What all parts share: the folder, the identity, the clock, the trace, keys, CA and ports."""

    home: Path
    identity: Identity
    clock: Clock
    trace: Trace
    keys: issuer.SigningKeys
    authority: Authority
    ports: dict[str, int]

    def url(self, name: str) -> str:
        """The address of one of the sandbox's servers."""
        scheme = "https" if name in {"kubernetes", "issuer", "webhook"} else "http"
        return f"{scheme}://{listeners.LOOPBACK}:{self.ports[name]}"
