"""The names of the package, which imports its modules as they are used."""

from __future__ import annotations

import pytest

from watcher import schedule


@pytest.mark.parametrize("name", schedule.__all__)
def test_every_name_is_found(name: str) -> None:
    assert getattr(schedule, name).__module__.startswith("watcher.schedule.")


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = schedule.nothing  # type: ignore[attr-defined]
