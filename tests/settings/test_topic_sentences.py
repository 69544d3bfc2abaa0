"""Topics in sentences, and `meaning` of watcher.yaml: what may be written, and where a fault is."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ConfigError, Fault
from watcher.model.meaning import EncoderEngine, hash_definition
from watcher.model.topic import DEFAULT_PROPOSALS, Topic
from watcher.settings import Settings, load


def load_topics(folder: Path, topics: str, main: str = "fetch: {}\n", **environ: str) -> Settings:
    (folder / "watcher.yaml").write_text(main, "utf-8")
    (folder / "feeds.yaml").write_text("feeds: []\n", "utf-8")
    (folder / "topics.yaml").write_text(topics, "utf-8")
    return load(folder, environ)


def load_topic(folder: Path, keys: str) -> Topic:
    [topic] = load_topics(folder, f"topics:\n  - id: port\n{keys}").topics
    return topic


def list_faults(folder: Path, topics: str, main: str = "fetch: {}\n", **environ: str) -> tuple[Fault, ...]:
    with pytest.raises(ConfigError) as caught:
        load_topics(folder, topics, main, **environ)
    return caught.value.faults


def test_sentences_are_enough_for_a_topic(tmp_path: Path) -> None:
    topic = load_topic(tmp_path, "    about:\n      - A port closes, at once or later.\n")

    assert topic.about == ("A port closes, at once or later.",)
    assert (topic.query, topic.has_query, topic.has_meaning, topic.proposals) == ("", False, True, DEFAULT_PROPOSALS)


def test_all_keys_are_read(tmp_path: Path) -> None:
    topic = load_topic(
        tmp_path,
        "    query: port\n    about: One,  two\n    not_about: [Wine]\n    examples: ['Порт закрыт']\n"
        "    not_examples:\n      - |\n        Port and\n        cheese\n    proposals: 12 a day\n",
    )

    assert (topic.about, topic.not_about) == (("One, two",), ("Wine",))
    assert (topic.examples, topic.not_examples) == (("Порт закрыт",), ("Port and cheese",))
    assert topic.proposals == 12
    assert topic.sentence_places["Порт закрыт"] == (6, 16)


@pytest.mark.parametrize(
    ("written", "proposals"),
    [("5 a day", 5), ("7", 7), ("3/day", 3), ("2 per day", 2), ("none", None), ("None", None), ("", 5)],
)
def test_a_budget_is_a_number_a_day_or_none(tmp_path: Path, written: str, proposals: int | None) -> None:
    assert load_topic(tmp_path, f"    query: port\n    proposals: {written}\n").proposals == proposals


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        pytest.param("    name: x\n", "2:5", "neither `query` nor `keywords` nor `about`", id="nothing"),
        pytest.param("    not_about: [Wine]\n", "2:5", "only what it is not", id="only what it is not"),
        pytest.param("    about: [Port]\n    proposals: none\n", "4:5", "find nothing", id="nothing can be found"),
        pytest.param("    query: ' '\n", "3:12", "its query is empty", id="empty query"),
        pytest.param("    about:\n      - Port\n      - ''\n", "5:9", "is empty", id="empty sentence"),
        pytest.param("    about:\n      - Port: closed\n", "4:9", "expected a sentence", id="a colon"),
        pytest.param("    about: {a: b}\n", "3:12", "expected a list", id="a mapping"),
        pytest.param(f"    about: ['{'x' * 10_001}']\n", "3:13", "10,001 characters", id="very long"),
        pytest.param("    query: port\n    proposals: lots\n", "4:16", "write `5 a day`", id="a word"),
        pytest.param("    query: port\n    proposals: 0 a day\n", "4:16", "from 1 to 1,000", id="zero"),
        pytest.param("    query: port\n    proposals: -1\n", "4:16", "write `5 a day`", id="negative"),
        pytest.param("    query: port\n    exampels: [x]\n", "4:5", "did you mean `examples`", id="misspelt"),
        pytest.param("    about: [Port]\n    query: '('\n", "4:14", "", id="a query beside sentences is parsed"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, keys: str, place: str, message: str) -> None:
    [fault] = list_faults(tmp_path, f"topics:\n  - id: port\n{keys}")

    assert f"{fault.line}:{fault.column}" == place
    assert message in fault.message


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        pytest.param(f"    examples:\n      - {'long ' * 250}\n", "4:9", "1,249 characters", id="long"),
        pytest.param("    about: [Port]\n    not_about: [Port]\n", "4:17", "both", id="contradiction"),
    ],
)
def test_what_works_and_should_be_looked_at_is_noted_with_its_place(
    tmp_path: Path, keys: str, place: str, message: str
) -> None:
    [note] = load_topics(tmp_path, f"topics:\n  - id: port\n{keys}").notes

    assert f"{note.line}:{note.column}" == place
    assert message in note.message


def test_the_hash_of_a_definition_follows_sentences_and_nothing_else() -> None:
    first = Topic(id="port", name="Port", query="port", about=("A port closes.",))

    renamed = Topic(id="port", name="Ports", query="ports", about=("A port closes.",), proposals=9)
    moved = Topic(id="port", name="Port", query="port", not_about=("A port closes.",))

    assert hash_definition(first) == hash_definition(renamed)
    assert hash_definition(first) != hash_definition(moved)


def test_the_engine_can_be_chosen_and_its_key_is_not_shown(tmp_path: Path) -> None:
    main = "meaning: {engine: openai, url: 'http://127.0.0.1:9/v1', model: e5, api_key: '${KEY}', cpu: 1}\n"

    options = load_topics(tmp_path, "topics: []\n", main, KEY="sesame-sesame").meaning

    assert (options.engine, options.model, options.api_key, options.cpu) == (
        EncoderEngine.OPENAI,
        "e5",
        "sesame-sesame",
        1.0,
    )
    assert "sesame" not in repr(options)


def test_none_switches_the_encoder_off(tmp_path: Path) -> None:
    options = load_topics(tmp_path, "topics: []\n", "meaning: {engine: none}\n").meaning

    assert (options.engine, options.is_default) == (EncoderEngine.NONE, False)


@pytest.mark.parametrize(
    ("main", "message"),
    [
        pytest.param("meaning: {engine: bert}\n", "bert is none of", id="unknown engine"),
        pytest.param("meaning: {engine: openai, model: e5}\n", "`url` is missing", id="no url"),
        pytest.param("meaning: {engine: openai, url: 'http://a/v1'}\n", "`model` is missing", id="no model"),
        pytest.param("meaning: {engine: bundled, model: e5}\n", "need `engine: openai`", id="a server's key"),
        pytest.param("meaning: {cpu: 0}\n", "more than 0", id="no share"),
        pytest.param("meaning: {timezone: Europe/Berln}\n", "did you mean", id="misspelt zone"),
    ],
)
def test_faults_of_the_section(tmp_path: Path, main: str, message: str) -> None:
    [fault] = list_faults(tmp_path, "topics: []\n", main)

    assert message in fault.message
    assert fault.file.endswith("watcher.yaml")


def test_the_day_is_that_of_the_digests_where_they_agree(tmp_path: Path) -> None:
    channel = "channels: {file: {kind: file, folder: out}}\n"
    digests = "digests:\n  - {name: a, schedule: daily at 7:30, channels: file, timezone: Europe/Kyiv}\n"
    other = "  - {name: b, schedule: daily at 7:30, channels: file, timezone: Asia/Tokyo}\n"

    agreed = load_topics(tmp_path, "topics: []\n", channel + digests).meaning.timezone
    apart = load_topics(tmp_path, "topics: []\n", channel + digests + other).meaning.timezone
    chosen = load_topics(
        tmp_path, "topics: []\n", channel + digests + "meaning: {timezone: America/Lima}\n"
    ).meaning.timezone

    assert (agreed, apart, chosen) == ("Europe/Kyiv", "UTC", "America/Lima")
