"""The table of the benches: a row is a script that is run, read, and ended when it takes too long."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.table import print_table, run_row
from bench.table_rows import ROWS, Row, read_matching

ROOT = Path(__file__).parents[2]
ENGINES = "raw_ac,ours,ours_spans"
SMALL = ("--topics", "10", "--rounds", "1", "--items", "50", "--no-many", "--no-build", "--engines", ENGINES)


def test_every_row_runs_a_script_that_is_there_and_has_a_name_of_its_own() -> None:
    names = [row.name for row in ROWS]

    assert len(names) == len(set(names)) >= 9
    assert [row.script for row in ROWS if not (ROOT / "bench" / row.script).exists()] == []


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_the_script_of_a_row_takes_its_arguments_and_prints_json(row: Row) -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "bench" / row.script), *row.arguments, "--json", "--help"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    if "ModuleNotFoundError" in result.stderr:
        pytest.skip("the extra bench is not installed")

    assert result.returncode == 0, result.stderr
    assert "--json" in result.stdout


def test_a_row_measures_and_its_lines_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_row(Row("small", "match.py", SMALL, 120, read_matching))
    print_table([outcome])
    printed = capsys.readouterr().out

    assert outcome.fault == ""
    assert set(outcome.figures) == {"dense", "sparse"}
    assert "matching 10 topics, sparse" in printed
    assert all(line.is_met is not None for line in outcome.lines)


def test_a_script_that_breaks_is_a_fault_and_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run_row(Row("broken", "match.py", ("--no-such-option",), 60, read_matching))
    print_table([outcome])

    assert outcome.lines == ()
    assert "--no-such-option" in outcome.fault
    assert "BROKEN broken" in capsys.readouterr().out


def test_figures_that_lack_what_is_read_are_a_fault() -> None:
    outcome = run_row(Row("odd", "match.py", (*SMALL[:-1], "raw_ac,ours"), 120, read_matching))

    assert "ours with spans" in outcome.fault


def test_a_script_that_takes_too_long_is_ended_with_its_processes() -> None:
    outcome = run_row(Row("slow", "match.py", (), 1, read_matching))
    left = [process.cmdline() for process in psutil.Process().children(recursive=True)]

    assert outcome.fault == "not done after 1 s"
    assert [command for command in left if "match.py" in " ".join(command)] == []


def test_a_broken_row_makes_the_exit_code_1_and_a_missed_aim_only_with_check() -> None:
    script = "import sys; import bench.table as t; from bench.table_rows import *\n{rows}\nsys.exit(t.main())"
    line = "lambda figures: [Line(work='w', ours='1', is_met=False)]"
    missed = f"t.ROWS = (Row('one', 'match.py', {SMALL!r}, 120, {line}),)"
    broken = "t.ROWS = (Row('one', 'match.py', ('--no',), 120, read_matching),)"

    def run(rows: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script.format(rows=rows), *arguments]
        return subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)

    plain, checked, faulty = run(missed, "--json"), run(missed, "--check"), run(broken)

    assert plain.returncode == 0, plain.stderr
    assert json.loads(plain.stdout)["rows"][0]["lines"][0]["is_met"] is False
    assert checked.returncode == 1
    assert faulty.returncode == 1
    assert "BROKEN" in faulty.stdout
