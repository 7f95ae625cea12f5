"""The sandbox's certificate authority and the TLS certificates of its servers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

from irsa_helpers.ground.state import write_private
from irsa_sandbox import disk


@dataclass(frozen=True)
class ServerCertificate:
    """Where a server's key and certificate chain are, as PEM files."""

    key_file: Path
    chain_file: Path


class Authority:
    """A CA kept on disk; it signs a fresh certificate for each server at every start."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self.ca_file = directory / "ca.crt"
        self._ca = self._load_or_create()

    @property
    def pem(self) -> str:
        """The CA's certificate as PEM text."""
        return self._ca.cert_pem.bytes().decode()

    def issue(self, name: str, *hosts: str, intermediate: bool = False) -> ServerCertificate:
        """A certificate for those host names and addresses.

        With `intermediate`, an intermediate CA signs it and stands in the chain, as public sites
        have it: the last certificate of the chain is then not the server's own.
        """
        signer = self._ca.create_child_ca() if intermediate else self._ca
        leaf = signer.issue_cert(*hosts)
        chain = b"".join(part.bytes() for part in leaf.cert_chain_pems)
        key_file = self._directory / f"{name}.key"
        chain_file = self._directory / f"{name}.crt"
        write_private(key_file, leaf.private_key_pem.bytes())
        write_private(chain_file, chain)
        return ServerCertificate(key_file, chain_file)

    def _load_or_create(self) -> trustme.CA:
        key_file = self._directory / "ca.key"
        if key_file.exists() and self.ca_file.exists():
            try:
                return trustme.CA.from_pem(self.ca_file.read_bytes(), key_file.read_bytes())
            except ValueError as error:
                disk.set_aside(key_file, f"{error}; a new CA takes its place")
        ca = trustme.CA(organization_name="IRSA Lab sandbox")
        write_private(key_file, ca.private_key_pem.bytes())
        write_private(self.ca_file, ca.cert_pem.bytes())
        return ca
