"""Codes of a telephone: those of RFC 6238, once each, and one step of drift."""

from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from reservations.rules import codes

# The seed of the standard, Appendix B.
SECRET = b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 6, 6, 3, 0, tzinfo=UTC)
HERE = codes.step_at(NOW)
STEP = timedelta(seconds=codes.STEP_SECONDS)


def typed(when: datetime) -> str:
    return pyotp.TOTP(SECRET).at(when)


# RFC 6238, Appendix B, SHA-1; the last six of its eight digits.
@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_standard(seconds, code):
    at = datetime.fromtimestamp(seconds, UTC)

    assert codes.step_of(SECRET, code, at, after=0) == seconds // 30


@pytest.mark.parametrize(
    ("drift", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_off_either_way(drift, is_good):
    found = codes.step_of(SECRET, typed(NOW + drift * STEP), NOW, after=0)

    assert found == (HERE + drift if is_good else None)


def test_a_code_that_was_used_and_those_before_it_are_refused():
    assert codes.step_of(SECRET, typed(NOW), NOW, after=HERE) is None
    assert codes.step_of(SECRET, typed(NOW - STEP), NOW, after=HERE) is None
    assert codes.step_of(SECRET, typed(NOW + STEP), NOW, after=HERE) == HERE + 1


@pytest.mark.parametrize("text", ["", "12345", "0000000", "コード", "abcdef"])
def test_what_is_no_code_opens_nothing(text):
    assert codes.step_of(SECRET, text, NOW, after=0) is None


def test_a_sealed_code_is_the_same_however_it_is_typed():
    code = codes.sealed_code(bytes(range(16)))

    assert code == "2345-6789-ABCD-EFGH"
    assert codes.sealed_hash("2345 6789 abcdefgh") == codes.sealed_hash(code)
    assert codes.sealed_hash("2345-6789-ABCD-EFGJ") != codes.sealed_hash(code)
