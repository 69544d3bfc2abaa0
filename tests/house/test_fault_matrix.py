"""The page of the fault matrix has a row for each number that a test carries, and no other rows."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults.cases import CASES

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests" / "faults"
PAGE = (ROOT / "docs" / "fault-matrix.md").read_text("utf-8")
ROWS = {int(number): text for number, text in re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)}


def list_numbered_rows() -> set[int]:
    cases = {int(case.does.partition(" ")[0]) for case in CASES}
    names = {
        int(number)
        for file in TESTS.glob("test_*.py")
        for number in re.findall(r"def test_row_(\d+)", file.read_text())
    }
    return cases | names


def test_each_number_that_a_test_carries_is_a_row() -> None:
    assert list_numbered_rows() - ROWS.keys() == set()


def test_each_row_is_tested_under_its_number_or_names_its_test() -> None:
    assert {row for row in ROWS.keys() - list_numbered_rows() if not re.search(r"`test_\w+\.py`", ROWS[row])} == set()


def test_rows_stand_once_in_order_and_name_files_that_exist() -> None:
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)]
    files = set(re.findall(r"`(test_\w+\.py)`", PAGE))

    assert numbers == sorted(set(numbers))
    assert {file for file in files if not (TESTS / file).is_file()} == set()
