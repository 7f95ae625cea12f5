"""Wildcards match what they should, in a time that no pattern makes long."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irsa_helpers.policy.match import arn_matches, glob, principal_matches, role_of_session

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


ROLE, USER = "arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:user/app"
SESSION = "arn:aws:sts::111122223333:assumed-role/app/pod"
PROVIDER = "arn:aws:iam::111122223333:oidc-provider/issuer/id/A"


@pytest.mark.parametrize(
    ("pattern", "arn", "fits"),
    [
        ("*", "anything", True),
        (ROLE, ROLE, True),
        ("arn:aws:iam::111122223333:role/*", "arn:aws:iam::111122223333:role/a/b:c", True),
        ("arn:aws:iam::*:role/app", ROLE, True),
        ("arn:aws:iam::*", ROLE, False),
        ("arn:aws:*:role/app", ROLE, False),
        ("arn:aws:iam::111122223333:*", "arn:aws:iam", False),
        ("arn:aws:s3:::*", ROLE, False),
    ],
)
def test_the_parts_of_an_arn_are_matched_one_by_one(pattern: str, arn: str, fits: bool) -> None:
    assert arn_matches(pattern, arn) is fits


@pytest.mark.parametrize(
    ("listed", "principal", "meant"),
    [
        (("*", "*"), PROVIDER, True),
        (("*", "*"), "ec2.amazonaws.com", True),
        (("AWS", "*"), ROLE, True),
        (("AWS", "*"), PROVIDER, False),
        (("AWS", "*"), "ec2.amazonaws.com", False),
        (("AWS", ROLE), ROLE, True),
        (("AWS", ROLE), SESSION, True),
        (("AWS", SESSION), SESSION, True),
        (("AWS", SESSION), ROLE, False),
        (("AWS", ROLE), USER, False),
        (("AWS", "111122223333"), USER, True),
        (("AWS", "arn:aws:iam::111122223333:root"), SESSION, True),
        (("AWS", "arn:aws-cn:iam::111122223333:root"), SESSION, False),
        (("AWS", "444455556666"), USER, False),
        (("AWS", PROVIDER), PROVIDER, False),
        (("AWS", "ec2.amazonaws.com"), "ec2.amazonaws.com", False),
        (("Federated", PROVIDER), PROVIDER, True),
        (("Federated", f"{PROVIDER}B"), PROVIDER, False),
        (("Federated", ROLE), SESSION, False),
        (("Federated", SESSION), SESSION, False),
        (("Service", "ec2.amazonaws.com"), "ec2.amazonaws.com", True),
        (("Service", "ec2.amazonaws.com"), "ecs.amazonaws.com", False),
        (("CanonicalUser", USER), USER, False),
    ],
)
def test_a_principal_is_meant_by_its_own_kind_of_entry(
    listed: tuple[str, str], principal: str, meant: bool
) -> None:
    expected = listed[1] if meant else None
    assert principal_matches((listed,), principal) == expected
    assert principal_matches((("AWS", "444455556666"), listed), principal) == expected
    assert principal_matches((), principal) is None


def test_a_session_is_of_its_role() -> None:
    assert role_of_session(SESSION) == ROLE
    assert role_of_session(SESSION.replace("aws:", "aws-cn:")) == ROLE.replace("aws:", "aws-cn:")
    assert role_of_session(USER) == USER
    assert role_of_session(f"{SESSION}/more") == ROLE
