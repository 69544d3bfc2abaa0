"""Text of others on one line, nearest names, moments and signatures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from watcher.text.lines import one_line
from watcher.text.signing import is_signed, sign_text
from watcher.text.suggest import did_you_mean, find_nearest
from watcher.text.timestamps import format_optional_rfc3339, format_rfc3339

KEY = b"a key of this test"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("  a \r\n b\t", "a b", id="white space"),
        pytest.param("a\x1b[31mb", "a [31mb", id="a terminal's escape"),
        pytest.param("gpj\u202eexe", "gpj exe", id="an override of direction"),
        pytest.param("a\u2028b", "a b", id="a line separator"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_line_holds_nothing_that_cannot_be_printed(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_line_is_no_longer_than_its_limit() -> None:
    assert one_line("x" * 300, 200) == "x" * 200


def test_what_is_kept_stays_and_gaps_are_as_asked() -> None:
    assert one_line("a\u2068b\u2069\x00c", gap="", keep={"\u2068", "\u2069"}) == "a\u2068b\u2069c"


def test_the_nearest_name_is_suggested_and_a_far_one_is_not() -> None:
    assert find_nearest("statsu", ["status", "stories"]) == "status"
    assert find_nearest("xyzzy", ["status", "stories"]) is None
    assert did_you_mean("statsu", ["status"]) == "; did you mean `status`?"
    assert did_you_mean("xyzzy", ["status"]) == ""


def test_moments_are_in_utc_to_the_second() -> None:
    moment = datetime(2026, 3, 2, 1, 2, 3, 456_789, tzinfo=timezone(timedelta(hours=2)))

    assert format_rfc3339(moment) == "2026-03-01T23:02:03Z"
    assert format_optional_rfc3339(None) is None
    assert format_optional_rfc3339(datetime(2026, 3, 2, tzinfo=UTC)) == "2026-03-02T00:00:00Z"


@pytest.mark.parametrize("size", [16, 24])
def test_a_signature_proves_one_text_for_one_purpose(size: int) -> None:
    signature = sign_text(KEY, "leave", "ann", size)

    assert is_signed(KEY, "leave", "ann", signature, size)
    assert not is_signed(KEY, "label", "ann", signature, size)
    assert not is_signed(KEY, "leave", "bob", signature, size)
    assert not is_signed(b"another key", "leave", "ann", signature, size)
    assert not is_signed(KEY, "leave", "ann", signature[:-1], size)
    assert not is_signed(KEY, "leave", "ann", "\udcff", size)


def test_signatures_are_those_of_links_that_were_sent_before() -> None:
    # Links in mail stay valid for as long as the key: HMAC-SHA256 of "purpose:text", cut, in base64url.
    assert sign_text(b"k", "label", "7.r") == "viw3dvuNg7ncBABn6eVxAA"
