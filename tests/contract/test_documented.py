"""What is sent is what is documented, key for key: for every route, and for every command and its model."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.schema_keys import find_missing, find_undocumented, list_model_keys, list_schema_keys
from tests.contract.sent import COMMANDS, ROUTES
from watcher.contract import (
    administration,
    deliveries,
    digests,
    entries,
    feed_documents,
    feeds,
    hits,
    polls,
    problems,
    proposals,
    status,
    stories,
    topic_analysis,
    topics,
    triage,
)

MODELS: dict[str, Any] = {
    "poll": polls.PrintedPoll,
    "status": status.PrintedStatus,
    "hits": hits.HitList,
    "search five": entries.EntryList,
    "stories": stories.StoryList,
    "feeds list": feeds.FeedList,
    "feeds show {feed}": feeds.PrintedFeed,
    "feeds discover {site}": feeds.DiscoveredFeeds,
    "feeds add {site}/other --no-check": feeds.AddedFeed,
    "feeds remove {site}/other": feeds.RemovedFeed,
    "feeds resume {feed}": feeds.ResumedFeed,
    "feeds export out.opml": feeds.ConfiguredFeeds,
    "feeds import in.opml": feeds.ImportedFeeds,
    "topics list": topics.TopicList,
    "topics show eyes": topics.TopicDetail,
    "topics test eyes": topics.TestedArchive,
    "topics test eyes --text Five": topics.TestedText,
    "topics explain eyes {entry}": topics.Explanation,
    "topics explain eyes {other}": topics.Explanation,
    "topics diff eyes --query harbour": topic_analysis.QueryDiff,
    "topics replay": topic_analysis.Replay,
    "topics probe cyber": topic_analysis.Probe,
    "topics cost eyes": topic_analysis.Cost,
    "topics eval --labels labels.jsonl": topic_analysis.Evaluation,
    "topics eval --stored": topic_analysis.Evaluation,
    "topics draft article.html": topic_analysis.Draft,
    "label {hit} relevant": hits.LabelledHit,
    "proposals": proposals.ProposalList,
    "proposals label {proposal} relevant": proposals.LabelledProposal,
    "digest list": digests.PrintedDigests,
    "digest preview daily": digests.Digest,
    "digest send daily --now": digests.SentDigest,
    "deliveries": deliveries.PrintedDeliveries,
    "deliveries retry --state dead --channel hook": deliveries.RetriedDeliveries,
    "channels list": deliveries.ChannelList,
    "channels test hook": deliveries.ChannelTest,
    "channels test files": deliveries.ChannelTest,
    "db upgrade": administration.SchemaUpgrade,
    "db check": administration.DatabaseCheck,
    "db stats": administration.DatabaseStats,
    "db prune": administration.PrunedRows,
    "db backup copy.db": administration.BackupFile,
    "check": administration.ConfigurationCheck,
    "check --live": administration.ConfigurationCheck,
}
SENT: dict[str, Any] = {
    "webhook": digests.WebhookPayload,
    "file": digests.DigestContent,
    "problem": problems.Problem,
    "GET topic feed": feed_documents.JsonFeed,
    "POST topics/test ['query']": topics.TestedArchive,
    "POST topics/test ['query', 'text']": topics.TestedText,
    "PUT label": hits.LabelledHit,
    "PUT proposal label": proposals.LabelledProposal,
    "POST note": triage.Note,
    "PATCH note": triage.Note,
    "POST view": triage.View,
    "PUT marks": triage.ChangedMarks,
}


@pytest.mark.parametrize("name", ROUTES.values())
def test_a_route_sends_the_keys_that_the_document_names(contract: dict[str, Any], name: str) -> None:
    document, route = contract["document"], f"GET /api/v1/{name}"
    answer = document["paths"][f"/api/v1/{name}"]["get"]["responses"]["200"]["content"]["application/json"]
    keys = list_schema_keys(answer["schema"], document["components"]["schemas"])

    assert find_undocumented(contract["sent"][route], keys) == []
    assert find_missing(contract["sent"][route], keys) == []


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_has_the_keys_of_its_model(contract: dict[str, Any], name: str) -> None:
    keys = list_model_keys(SENT[name])

    assert find_undocumented(contract["sent"][name], keys) == []
    assert find_missing(contract["sent"][name], keys) == []


@pytest.mark.parametrize("command", MODELS)
def test_a_command_prints_the_keys_of_its_model(contract: dict[str, Any], command: str) -> None:
    keys = list_model_keys(MODELS[command])

    assert find_undocumented(contract["printed"][command], keys) == []
    assert find_missing(contract["printed"][command], keys) == []


def test_every_command_that_is_run_has_a_model() -> None:
    assert set(COMMANDS) <= set(MODELS)


def test_the_answers_to_post_and_put_are_documented_by_the_models_they_have(contract: dict[str, Any]) -> None:
    document = contract["document"]

    def documented(path: str, method: str) -> set[str]:
        schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        return set(list_schema_keys(schema, document["components"]["schemas"]).documented)

    tested = list_model_keys(topics.TestedArchive).documented | list_model_keys(topics.TestedText).documented
    assert documented("/api/v1/topics/test", "post") == tested
    assert documented("/api/v1/hits/{hit_id}/label", "put") == list_model_keys(hits.LabelledHit).documented
