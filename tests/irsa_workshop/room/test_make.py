"""`make workshop` with a certificate, from its first line to Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import trustme

from irsa_workshop.room import services
from irsa_workshop.room.learner import Learner
from irsa_workshop.room.trial import free_ports, wait_until_it_answers

ROOT = Path(__file__).parents[3]
SECONDS = 120
LEARNERS = re.compile(r"Learners: +(https://\S+?)/ +the room's word: (\S+)\n")


@pytest.fixture
def terminal() -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`make workshop SEATS=3` in a session of its own, as in a terminal, and what it prints."""
    if subprocess.run(["make", "-q", "workshop-install"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("make workshop-install would install first")
    with tempfile.TemporaryDirectory(prefix="room-") as place:
        os.chmod(place, 0o711)
        printed, options = Path(place) / "printed", [f"PORT={free_ports()}", f"FOLDER={place}/room"]
        for option, pem in _certificate(Path(place)).items():
            options.append(f"{option}={pem}")
        with printed.open("wb") as output:
            make = subprocess.Popen(
                ["make", "workshop", "SEATS=3", *options],
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield make, printed
        finally:
            _control_c(make)


def _certificate(place: Path) -> dict[str, Path]:
    """A certificate of this address and its key, by the names of their options."""
    own = trustme.CA().issue_cert("127.0.0.1")
    files = {"CERTIFICATE": place / "room.pem", "KEY": place / "room.key"}
    own.cert_chain_pems[0].write_to_path(files["CERTIFICATE"])
    own.private_key_pem.write_to_path(files["KEY"])
    return files


def _control_c(make: subprocess.Popen[bytes]) -> None:
    """The terminal's signal, to `make` and the program that it runs."""
    if make.poll() is None:
        os.killpg(make.pid, signal.SIGINT)
        make.wait(SECONDS)


def _printed(make: subprocess.Popen[bytes], printed: Path) -> re.Match[str]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and make.poll() is None:
        if told := LEARNERS.search(printed.read_text(encoding="utf-8")):
            return told
        time.sleep(0.1)
    raise AssertionError(printed.read_text(encoding="utf-8"))


def test_it_prints_the_way_in_seats_a_learner_and_leaves_nothing_behind(
    terminal: tuple[subprocess.Popen[bytes], Path],
) -> None:
    make, printed = terminal
    url, word = _printed(make, printed).groups()

    authority = ssl.create_default_context(cafile=printed.with_name("room.pem"))
    authority.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # it is signed by nobody known
    wait_until_it_answers(f"{url}/hub/login", make, authority=authority)

    async def arrive() -> str:
        async with Learner(url, authority=authority) as learner:
            await learner.come_in("Ana", word)
            page = await learner.sit_down()
            await learner.open("notebooks/00-welcome.ipynb")
            assert (await learner.run("6 * 7")).startswith("42")
            return page

    assert asyncio.run(arrive()).startswith(f"{url}/user/seat-")
    begun = psutil.Process(make.pid).children(recursive=True)
    assert len(begun) > 8, "the launcher, three zygotes, a hub, its proxy and services, a seat"
    _control_c(make)
    assert psutil.wait_procs(begun, timeout=SECONDS)[1] == []
    assert services.taken_ports(int(url.rsplit(":", 1)[1])) == []
