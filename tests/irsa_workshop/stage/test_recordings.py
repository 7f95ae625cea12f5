"""A recording as an asciicast and as a page."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from irsa_workshop.stage.recordings import LONGEST_GAP_SECONDS, asciicast, page, save
from irsa_workshop.stage.screen import Event, Recording, Screen


@pytest.fixture
def recording() -> Recording:
    """Two scenes, with a long talk between them."""
    events = [
        Event(0.5, "title", "1/2  One\n", scene="1/2  One"),
        Event(1.0, "command", "echo '</script>'"),
        Event(61.0, "title", "2/2  Two\n", scene="2/2  Two"),
    ]
    return Recording("A story", 100, 30, 1_800_000_000.0, events)


def test_an_asciicast_has_its_header_and_a_marker_for_each_scene(recording: Recording) -> None:
    header, *lines = map(json.loads, asciicast(recording).splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 100, 30)
    assert [line[2] for line in lines if line[1] == "m"] == ["1/2  One", "2/2  Two"]
    shown = [line for line in lines if line[1] == "o"]
    assert [line[0] for line in shown] == [0.5, 1.0, 61.0]
    assert "\r\n" in shown[0][2]


def test_a_page_holds_all_it_needs_and_waits_for_nobodys_words(recording: Recording) -> None:
    text = page(recording)
    assert not re.search(r"(src|href)=", text)
    assert text.count("</script>") == 1
    assert "echo &#x27;&lt;/script&gt;&#x27;" in text
    found = re.search(r"const events = (.*);", text)
    assert found
    events = json.loads(found[1])
    assert [event[0] for event in events] == [0.5, 0.5, LONGEST_GAP_SECONDS]
    assert [event[3] for event in events] == [True, False, True]


def test_both_files_are_written(recording: Recording, tmp_path: Path) -> None:
    written = save(recording, tmp_path / "talk")
    assert [path.name for path in written] == ["talk.cast", "talk.html"]
    assert all(path.stat().st_size for path in written)


def test_the_speakers_lines_are_in_no_recording_and_no_text_steers_the_terminal() -> None:
    stream = io.StringIO()
    screen = Screen("A story", stream)
    screen.tell_speaker("the token is secret")
    screen.write("output", "a\x1b[2Jb")
    assert "secret" in stream.getvalue()
    assert [event.text for event in screen.recording.events] == ["a\\x1b[2Jb"]
