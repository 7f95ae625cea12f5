"""An error that a person can act on is read in a notebook without this project's own lines."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from irsa_helpers.errors import IrsaLabError


def test_a_notebook_shows_the_sentence_alone(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell(colors="nocolor")
    shell.run_cell("from irsa_helpers.errors import IrsaLabError")
    result = shell.run_cell("raise IrsaLabError('no role', next_step='make it')")
    assert isinstance(result.error_in_exec, IrsaLabError)
    assert capsys.readouterr().out.strip() == "IrsaLabError: no role\nNext step: make it"
