"""Topics proposed from an article."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.match import parse_query
from watcher.settings import load
from watcher.text.article import Article
from watcher.topics.draft import add_match_counts, draft_topics, format_topics_yaml
from watcher.topics.named_query import parse_named_query
from watcher.topics.query_test import build_entry, explain_entry

ENGLISH = Article(
    title="Harbour Watch halts oil patrols off Port Example",
    text=(
        "Harbour Watch has halted oil patrols off Port Example, officials said. The oil patrols began in Oslo.\n"
        "“Harbour Watch” will not say when the oil patrols resume. Anna Sample of Harbour Watch declined to comment.\n"
        "Shipping firms in Port Example say that oil patrols matter. NATO and the U.S. agree with Port Example.\n"
        "Mrs Sample said the fuel depot is safe. The fuel depot lies near Port Example."
    ),
    language="en",
)
RUSSIAN = Article(
    title="Патрули остановлены",
    text=(
        "Береговая Стража остановила морские патрули у Порт Пример. Морские патрули начались в Осло.\n"
        "Альянс «Пять глаз» молчит. Морские патрули важны, говорит Анна Образец. Береговая Стража не отвечает."
    ),
)
CHINESE = Article(
    title="五眼联盟讨论情报共享",
    text="据报道，五眼联盟正在讨论情报共享。五眼联盟国家担心情报共享。特朗普政府否认，特朗普政府沉默。",
)
ARABIC = Article(
    title="", text="قال تحالف العيون الخمس إنه يناقش تبادل المعلومات. اجتمع تحالف العيون الخمس حول تبادل المعلومات."
)
ARTICLES = [
    pytest.param(ENGLISH, id="English"),
    pytest.param(RUSSIAN, id="Russian"),
    pytest.param(CHINESE, id="Chinese"),
    pytest.param(ARABIC, id="Arabic"),
]


def checked(folder: Path, yaml: str) -> list[str]:
    """Read a topics file as `watcher check` does; gives the ids."""
    (folder / "watcher.yaml").write_text("database: {}\n", encoding="utf-8")
    (folder / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
    (folder / "topics.yaml").write_text(yaml, encoding="utf-8")
    return [topic.id for topic in load(folder, {}).topics]


@pytest.mark.parametrize("article", ARTICLES)
def test_what_is_proposed_passes_the_check_and_matches_the_article(tmp_path: Path, article: Article) -> None:
    proposals = draft_topics(article)

    assert len(proposals) >= 2
    assert checked(tmp_path, format_topics_yaml(proposals, ["drafted"])) == [proposal.id for proposal in proposals]
    for proposal in proposals:
        entry = build_entry(f"{article.title}\n{article.text}")
        assert explain_entry(parse_named_query(proposal.query), entry).matched, proposal.query


def test_names_and_phrases_that_stand_together_become_topics() -> None:
    by_id = {topic.id: topic for topic in draft_topics(ENGLISH)}

    assert parse_query(by_id["harbour-watch"].query) == parse_query('"harbour watch"')
    patrols = by_id["oil-patrols"]
    assert "NEAR/15" in patrols.query
    assert {"Harbour Watch", "Port Example"} <= set(patrols.why)
    assert any(id_.startswith("story-") for id_ in by_id)


def test_a_proposal_takes_no_id_that_is_in_use() -> None:
    ids = [topic.id for topic in draft_topics(ENGLISH, taken={"harbour-watch", "harbour-watch-2"})]

    assert "harbour-watch-3" in ids
    assert len(set(ids)) == len(ids)


def test_no_more_are_proposed_than_asked_for() -> None:
    assert len(draft_topics(ENGLISH, limit=2)) == 2


def test_ids_of_other_scripts_can_stand_in_a_file_name() -> None:
    ids = [topic.id for topic in draft_topics(RUSSIAN)]

    assert all(id_.isascii() for id_ in ids)
    assert "morskie-patruli" in ids


def test_a_proposal_that_would_flood_says_so() -> None:
    proposals = draft_topics(ENGLISH, limit=2)
    few, many = (proposal.id for proposal in proposals)

    yaml = format_topics_yaml(add_match_counts(proposals, {few: 3, many: 900}, 1000))

    assert "# matches 3 of 1,000 stored entries\n" in yaml
    assert "# matches 900 of 1,000 stored entries - much: narrow it" in yaml


@pytest.mark.parametrize("text", ["", "word", "AND OR NOT", "a: b: c", "\x00\x1b[31m"])
def test_an_article_that_says_little_gives_no_topics_and_no_fault(text: str) -> None:
    assert draft_topics(Article(title="", text=text)) == ()


@given(title=st.text(max_size=80), text=st.text(max_size=600), language=st.sampled_from([None, "en", "de", "zz"]))
def test_any_text_gives_proposals_that_can_be_read(title: str, text: str, language: str | None) -> None:
    for topic in draft_topics(Article(title=title, text=text, language=language)):
        parse_query(topic.query)


NASTY = 'Evil "Name": #{x} \\ \u2028 & *a'


@pytest.mark.parametrize("source", ["x", "http://a.example/?q='\"\n- id: evil", NASTY])
def test_what_an_article_says_cannot_break_out_of_its_place_in_the_file(tmp_path: Path, source: str) -> None:
    text = f"The {NASTY} met. Again, the {NASTY} Town met Anna Example. An Evil Name met Anna Example. “AND OR” NOT."
    proposals = draft_topics(Article(title=NASTY, text=text + ENGLISH.text, language="en"), source=source)

    assert checked(tmp_path, format_topics_yaml(proposals, [source])) == [proposal.id for proposal in proposals]
