"""botocore reads what it knows of AWS once in a process that shares it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import boto3.session
from irsa_helpers.ground import descriptions
descriptions.share()
sessions = [boto3.session.Session(region_name="us-east-1") for _ in range(4)]
loaders = {id(each._session.get_component("data_loader")) for each in sessions}
places = sessions[0]._session.get_component("data_loader").search_paths
print(len(loaders), len(places) - len(set(places)))
"""


def test_all_sessions_share_a_loader_though_boto3_was_there_before() -> None:
    """A loader remembers what it has read; each session of boto3 adds one folder to its own."""
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    loaders, repeated = map(int, told.stdout.split())
    assert loaders == 1
    assert repeated <= 1
