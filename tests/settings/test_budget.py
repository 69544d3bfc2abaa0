"""`fetch.budget` and a feed's own budget: what may be written, and where a fault is."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.model.feed import Budget
from watcher.settings import Settings, load


def loaded(folder: Path, main: str, feeds: str = "feeds: []\n", **environ: str) -> Settings:
    (folder / "watcher.yaml").write_text(main, "utf-8")
    (folder / "feeds.yaml").write_text(feeds, "utf-8")
    (folder / "topics.yaml").write_text("topics: []\n", "utf-8")
    return load(folder, environ)


@pytest.mark.parametrize(
    ("written", "budget"),
    [
        pytest.param("fetch: {}", Budget(entries=5_000, versions=2_000), id="nothing"),
        pytest.param("fetch:\n  budget:", Budget(entries=5_000, versions=2_000), id="empty"),
        pytest.param("fetch:\n  budget: 700", Budget(entries=700, versions=2_000), id="a number"),
        pytest.param("fetch:\n  budget: {versions: 7}", Budget(entries=5_000, versions=7), id="versions"),
        pytest.param("fetch:\n  budget:\n    entries: 5\n    versions: 6", Budget(entries=5, versions=6), id="both"),
    ],
)
def test_a_budget_is_a_number_or_two(tmp_path: Path, written: str, budget: Budget) -> None:
    assert loaded(tmp_path, f"{written}\n").fetch.budget.budget == budget


@pytest.mark.parametrize(
    ("written", "place", "message"),
    [
        pytest.param("budget: lots", "2:11", "'lots' is not a whole number", id="a word"),
        pytest.param("budget: 0", "2:11", "at least 1", id="nothing at all"),
        pytest.param("budget: 1.5", "2:11", "not a whole number", id="a fraction"),
        pytest.param("budget: [1, 2]", "2:11", "not a whole number", id="a list"),
        pytest.param("budget: {entries: 5, versions: -3}", "2:34", "at least 1", id="negative"),
        pytest.param("budget: {entrys: 5}", "2:12", "did you mean `entries`", id="misspelt"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, written: str, place: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"fetch:\n  {written}\n")

    [fault] = caught.value.faults
    assert f"{fault.line}:{fault.column}" == place
    assert message in fault.message


def test_a_feed_may_have_its_own_and_a_fault_in_it_has_its_place(tmp_path: Path) -> None:
    own = "feeds:\n  - {url: 'https://a.example/f', budget: 9}\n  - https://b.example/f\n"

    budgets = [source.budget for source in loaded(tmp_path, "fetch: {}\n", own).sources]
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "fetch: {}\n", own.replace("budget: 9", "budget: nine"))

    assert budgets == [Budget(entries=9, versions=2_000), None]
    assert (caught.value.faults[0].line, caught.value.faults[0].column) == (2, 42)


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "fetch:\n  budget: 7\n", WATCHER_FETCH__BUDGET="12")

    assert settings.fetch.budget.entries == 12
