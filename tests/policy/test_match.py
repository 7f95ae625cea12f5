"""Wildcards match what they should, in a time that no pattern makes long."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irsa_helpers.policy.match import glob

FEW = st.text(alphabet="ab*?:", max_size=9)


@settings(derandomize=True, max_examples=500)
@given(FEW, st.text(alphabet="abA:\n", max_size=12), st.booleans())
def test_a_pattern_means_what_its_plain_translation_means(
    pattern: str, text: str, ignore_case: bool
) -> None:
    plain = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    expected = re.fullmatch(plain, text, flags) is not None
    assert (glob(pattern, ignore_case=ignore_case).fullmatch(text) is not None) == expected


SLOW = """
import sys
from irsa_helpers.policy import Request, evaluate
policy = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": sys.argv[1],
          "Condition": {sys.argv[2]: {"aws:userid": sys.argv[3]}}}]}
text = "a" * 900
request = Request("arn:aws:iam::111122223333:role/r", "s3:GetObject", "arn:aws:s3:::b/" + text,
                  {"aws:userid": text, "aws:username": "u"})
print(evaluate(request, identity_policies=[policy]).effect)
"""
STARS = "*a" * 8 + "*z"


@pytest.mark.parametrize(
    ("resource", "operator", "value"),
    [
        ("arn:aws:s3:::b/*a*a*a*z", "StringLike", "*"),
        (f"arn:aws:s3:::b/{STARS}", "StringLike", "*"),
        ("arn:aws:s3:::b/" + "*?" * 12 + "z", "StringLike", "*"),
        ("arn:aws:s3:::b/${aws:username}" + STARS, "StringLike", "*"),
        ("arn:aws:s3:::b/*", "StringLike", STARS),
        ("arn:aws:s3:::b/*", "StringLike", "${aws:username}" + STARS),
        ("*" * 40 + "z", "StringLike", "*"),
    ],
)
def test_no_pattern_holds_the_process(resource: str, operator: str, value: str) -> None:
    """In a process of its own: a regular expression that runs on cannot be interrupted."""
    command = [sys.executable, "-c", SLOW, resource, operator, value]
    done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    assert done.stdout == "ImplicitlyDenied\n"
