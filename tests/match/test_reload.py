"""Topics that are compiled anew while the old ones are in force."""

from __future__ import annotations

import asyncio

from tests.match.entries import NOON, entry
from watcher.match import TopicMatcher, compile_topics
from watcher.model.topic import Topic


def _topics(count: int) -> list[Topic]:
    return [Topic(id=f"t{n}", name="", query=f'(spy{n} NEAR/3 "five eyes{n}") OR spy') for n in range(count)]


def test_old_topics_serve_while_new_ones_are_built_beside_the_loop() -> None:
    stored = entry("A spy of the five eyes")
    old = compile_topics(_topics(3))
    before = old.match_entries([stored], NOON)

    async def reload() -> tuple[int, TopicMatcher]:
        building = asyncio.create_task(asyncio.to_thread(compile_topics, _topics(2_000)))
        served = 0
        while not building.done():
            assert old.match_entries([stored], NOON) == before
            served += 1
            await asyncio.sleep(0)
        return served, await building

    served, new = asyncio.run(reload())

    assert served > 1
    assert len(new.match_entries([stored], NOON)) == 2_000
    assert old.match_entries([stored], NOON) == before
