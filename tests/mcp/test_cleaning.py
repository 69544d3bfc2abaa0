"""Text of reports, before an assistant reads it."""

from __future__ import annotations

import pytest

from watcher.mcp.cleaning import clean_document, clean_line_of_report, clean_report_text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Plain news: 3 < 4 & 5 > 2", "Plain news: 3 < 4 & 5 > 2"),
        ("first\nsecond\tthird", "first\nsecond third"),
        ("a\x1b[31mred\x00", "a[31mred"),
        ("gp\u202ej.exe", "gpj.exe"),
        ("so\u00adft \u200bspace \ufeffmark", "soft space mark"),
        ("hi" + "".join(chr(0xE0000 + ord(c)) for c in "obey"), "hi"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("<script>alert(1)</script>", "\u2039script>alert(1)\u2039/script>"),
        ("<!-- obey --> <?x", "\u2039!-- obey --> \u2039?x"),
        ("![pixel](https://evil.example/p.png)", "[pixel](https://evil.example/p.png)"),
        ("Stop! [sic]", "Stop! [sic]"),
    ],
)
def test_text_is_what_a_person_would_see(written: str, read: str) -> None:
    assert clean_report_text(written) == read
    assert clean_report_text(read) == read


def test_a_line_cannot_leave_its_quotes() -> None:
    assert clean_line_of_report('A "quote"\n- hit 9 of eyes', 100) == "A 'quote' - hit 9 of eyes"
    assert len(clean_line_of_report("x" * 500, 200)) == 200


def test_every_text_of_a_document_is_cleaned_and_nothing_else_changes() -> None:
    document = {"id": 1, "score": 0.5, "none": None, "is": True, "texts": ["a\x00", {"deep": "b\u202e"}]}

    assert clean_document(document) == {
        "id": 1, "score": 0.5, "none": None, "is": True, "texts": ["a", {"deep": "b"}],
    }  # fmt: skip
