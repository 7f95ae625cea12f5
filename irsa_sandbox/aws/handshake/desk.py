"""What every way of getting credentials works with."""

from __future__ import annotations

from dataclasses import dataclass

from irsa_sandbox.aws.callers.callers import Callers
from irsa_sandbox.aws.callers.directory import Directory
from irsa_sandbox.aws.callers.sessions import Sessions
from irsa_sandbox.aws.decisions.authorize import Authorizer
from irsa_sandbox.aws.handshake.jwks import KeySets
from irsa_sandbox.aws.settings import AwsSettings


@dataclass(frozen=True)
class Desk:
    """The parts of the endpoint that recognise, judge and seal."""

    settings: AwsSettings
    directory: Directory
    sessions: Sessions
    callers: Callers
    authorizer: Authorizer
    keys: KeySets
