"""Editing the configuration through the API, with the typed client: etags, repeated requests, secrets, undo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.site import HARBOUR, World, world
from watcher.client import ApiError, Client, ConflictError
from watcher.contract.configuration import TopicEdit
from watcher.pipeline.digests import preview_digest


@pytest.fixture
def site(desk: World) -> Iterator[str]:
    with desk.served() as address:
        yield address


@pytest.fixture
def api(site: str) -> Iterator[Client]:
    with Client(site) as client:
        yield client


def refused(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return error.value.status, error.value.problem["detail"]


def test_a_topic_is_created_changed_paused_and_deleted_and_the_file_keeps_its_comments(
    desk: World, api: Client
) -> None:
    created = api.create_topic({"name": "Storm petrels", "query": "petrels"})

    changed = api.update_topic(created["id"], {"name": "Petrels", "paused": True}, created["etag"])
    assert (created["id"], changed["name"], changed["paused"]) == ("storm-petrels", "Petrels", True)
    assert [topic.id for topic in desk.app.matcher.topics] == ["eyes", "cyber"]
    api.delete_topic("storm-petrels", changed["etag"])
    assert [topic["id"] for topic in api.list_topics()["topics"]] == ["eyes", "cyber"]
    assert "  # The alliance itself." in (desk.folder / "topics.yaml").read_text()


def test_boxes_and_text_are_the_same_query(api: Client) -> None:
    created = api.create_topic(
        {"name": "T", "boxes": {"all_of": ["storm"], "any_of": ["wind", "high sea"], "none_of": ["chess"]}}
    )

    assert created["query"].strip() == 'storm AND (wind OR "high sea") NOT chess'
    text = api.update_topic("t", {"query": 'a AND (b OR c) NOT ("d e" OR f)'}, created["etag"])
    assert text["boxes"] == {"all_of": ["a"], "any_of": ["b", "c"], "none_of": ['"d e"', "f"]}


def test_saving_a_topic_brings_in_what_it_would_have_found_and_the_next_digest_offers_it_once(
    desk: World, api: Client
) -> None:
    created = api.create_topic({"name": "Museums", "query": "museum", "bring_in": 7})

    assert created["brought_in"] == {"tested": 5, "hits": 1}
    assert [hit["backfill"] for hit in api.list_hits(topic="museums")["hits"]] == [True]
    desk.clock.move(minutes=1)
    with desk.app.database.read() as db:
        topics = preview_digest(db, desk.app.press(), "daily", desk.clock()).topics
    assert "museums" in {topic.id for topic in topics}
    assert api.send_digest("daily")["id"] is not None
    desk.clock.move(minutes=1)
    with desk.app.database.read() as db:
        assert preview_digest(db, desk.app.press(), "daily", desk.clock()).stories == ()


def test_a_renamed_topic_keeps_its_hits_and_undo_gives_the_old_name_back(desk: World, api: Client) -> None:
    hits = len(api.list_hits(topic="eyes")["hits"])
    digest = api.update_digest("daily", {"topics": ["eyes", "cyber"]}, "*")
    assert digest["topics"] == ["eyes", "cyber"]

    api.update_topic("eyes", {"id": "alliance"}, "*")

    assert len(api.list_hits(topic="alliance")["hits"]) == hits > 0
    assert api.get_digest("daily")["topics"] == ["alliance", "cyber"]
    api.undo_edit(api.list_history()["versions"][0]["number"])
    assert len(api.list_hits(topic="eyes")["hits"]) == hits
    assert api.get_digest("daily")["topics"] == ["eyes", "cyber"]


def test_a_deleted_topic_is_restored_as_it_was(api: Client) -> None:
    before = api.get_topic_settings("cyber")
    api.delete_topic("cyber", before["etag"])
    api.create_topic({"name": "Other", "query": "x"})

    assert api.restore_topic("cyber") == before


def test_the_last_topic_of_a_digest_is_not_deleted(api: Client) -> None:
    api.update_digest("daily", {"topics": ["eyes"]}, "*")

    with pytest.raises(ApiError) as error:
        api.delete_topic("eyes", "*")

    assert refused(error) == (400, "the digest 'daily' has no other topic: give it another or delete it first")


def test_an_edit_by_hand_meanwhile_is_a_conflict_that_shows_both(desk: World, api: Client) -> None:
    etag = api.get_topic_settings("eyes")["etag"]
    path = desk.folder / "topics.yaml"
    path.write_text(path.read_text().replace("name: Five Eyes", "name: By hand"))

    with pytest.raises(ConflictError) as conflict:
        api.update_topic("eyes", {"name": "By the API"}, etag)

    assert "By hand" in conflict.value.current
    assert "By the API" in conflict.value.proposed
    assert "name: By hand" in path.read_text()
    api.update_topic("cyber", {"name": "Another topic"}, api.get_topic_settings("cyber")["etag"])
    assert "name: By hand" in path.read_text()


def test_an_edit_without_an_etag_is_refused(site: str) -> None:
    for method, path in (
        ("PATCH", "/topics/eyes"), ("DELETE", "/topics/eyes"), ("PATCH", "/digests/daily"),
        ("DELETE", "/digests/daily"),
        ("PATCH", "/channels/files"), ("DELETE", "/channels/files"), ("PATCH", f"/feeds?url={HARBOUR}"),
        ("DELETE", f"/feeds?url={HARBOUR}"), ("PATCH", "/settings"),
    ):  # fmt: skip
        answer = httpx.request(method, f"{site}/api/v1{path}", **({"json": {}} if method == "PATCH" else {}))

        assert (path, answer.status_code) == (path, 428)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_creation_that_is_sent_again_is_answered_and_not_done_again(site: str, api: Client) -> None:
    body: TopicEdit = {"name": "Once", "query": "once"}
    first = api.create_topic(body, idempotency_key="k-1")

    assert api.create_topic(body, idempotency_key="k-1") == first
    with pytest.raises(ApiError) as error:
        api.create_topic({"name": "Other", "query": "x"}, idempotency_key="k-1")
    assert error.value.status == 422
    assert [topic["id"] for topic in api.list_topics()["topics"]] == ["eyes", "cyber", "once"]


def test_a_creation_that_was_refused_may_be_sent_again_with_its_key(api: Client) -> None:
    with pytest.raises(ApiError) as error:
        api.create_topic({"name": "Bad", "query": "a AND ("}, idempotency_key="k-2")

    assert error.value.status == 422
    assert error.value.problem["errors"][0]["at"].startswith("topics.yaml:")
    assert api.create_topic({"name": "Good", "query": "a"}, idempotency_key="k-2")["id"] == "good"


def test_many_clients_at_once_lose_nothing(site: str, desk: World, api: Client) -> None:
    def create(number: int) -> None:
        with Client(site) as client:
            client.create_topic({"name": f"T{number}", "query": "x"})

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {topic["id"] for topic in api.list_topics()["topics"]} == {"eyes", "cyber", *(f"t{n}" for n in range(8))}
    assert {topic.id for topic in desk.app.settings.topics} >= {f"t{n}" for n in range(8)}


def test_secrets_are_written_into_files_and_never_returned(desk: World, api: Client) -> None:
    created = api.create_channel(
        {
            "name": "mail",
            "kind": "email",
            "options": {"host": "smtp.example", "sender": "a@b.example", "to": ["c@d.example"],
                        "username": "ann", "password": "s3same-open"},
        }
    )  # fmt: skip

    assert created["secrets"] == ["password"]
    everything = [
        str(api.list_channels()),
        str(api.list_history()),
        *(p.read_text() for p in desk.folder.glob("*.yaml")),
    ]
    assert not [text for text in everything if "s3same" in text]
    channel = desk.app.settings.channel("mail")
    assert channel is not None
    assert channel.options.secrets == ("s3same-open",)
    assert api.update_channel("mail", {"options": {"port": 25}}, created["etag"])["options"]["port"] == 25
    assert desk.app.settings.channel("mail").options.secrets == ("s3same-open",)  # type: ignore[union-attr]


def test_stored_secrets_are_not_sent_to_another_server(api: Client) -> None:
    api.create_channel({"name": "mail", "kind": "email", "options": {
        "host": "smtp.example", "sender": "a@b.example", "to": ["c@d.example"], "username": "u",
        "password": "s3same-open",
    }})  # fmt: skip
    api.create_feed({"url": "https://ann:s3same@news.example/f"})

    with pytest.raises(ApiError, match="send `password` again"):
        api.update_channel("mail", {"options": {"host": "evil.example"}}, "*")
    with pytest.raises(ApiError, match="send `password` again"):
        api.update_feed("https://news.example/f", {"url": "https://evil.example/f"}, "*")


def test_references_to_the_environment_are_text_in_what_is_sent(desk: World, api: Client) -> None:
    api.update_settings({"fetch": {"contact": "${HOME}"}}, "*")

    assert api.get_settings()["fetch"]["contact"] == "${HOME}"
    with pytest.raises(ApiError, match="is read in feeds"):
        api.create_feed({"url": "https://evil.example/?x=${HOME}"})


def test_a_renamed_channel_keeps_its_place_and_digests_follow(desk: World, api: Client) -> None:
    api.update_channel("files", {"name": "archive"}, api.get_channel("files")["etag"])

    assert api.get_digest("daily")["channels"] == ["archive"]
    with pytest.raises(ApiError, match="has no other channel"):
        api.delete_channel("archive", "*")


def test_a_digest_is_created_with_its_next_times_paused_and_deleted(desk: World, api: Client) -> None:
    created = api.create_digest(
        {"name": "weekly", "schedule": "fridays at 16:00", "timezone": "Europe/London", "channels": ["files"]}
    )

    assert len(created["next"]) == 3
    paused = api.update_digest("weekly", {"paused": True}, created["etag"])
    assert paused["next"] == []
    api.delete_digest("weekly", paused["etag"])
    assert [digest["name"] for digest in api.list_digests()["digests"]] == ["daily"]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        ({"schedule": "sometimes"}, "no schedule"),
        ({"timezone": "Mars/Base"}, "no time zone"),
        ({"channels": ["fils"]}, "did you mean"),
        ({"max_age": "soon"}, "not a duration"),
        ({"quiet": {"start": "22:00", "end": "22:00"}}, "quiet all day"),
    ],
)
def test_what_a_digest_cannot_be_is_refused_with_the_reason(api: Client, edit: dict[str, object], reason: str) -> None:
    with pytest.raises(ApiError, match=reason) as error:
        api.update_digest("daily", edit, "*")  # type: ignore[arg-type]

    assert error.value.status == 422


def test_a_feed_is_edited_by_its_address(desk: World, api: Client) -> None:
    etag = api.get_feed_settings(HARBOUR)["etag"]

    changed = api.update_feed(HARBOUR, {"title": "Harbour", "tags": ["press"], "interval": "1h", "paused": True}, etag)

    assert (changed["title"], changed["tags"], changed["interval"], changed["paused"]) == (
        "Harbour",
        ["press"],
        "1h",
        True,
    )
    assert api.list_feeds(health="paused")["feeds"][0]["url"] == HARBOUR
    api.update_feed(HARBOUR, {"url": "https://harbour.example/new.xml"}, changed["etag"])
    assert {source.url for source in desk.app.settings.sources} >= {"https://harbour.example/new.xml"}
    with pytest.raises(ApiError, match="is watched already"):
        api.create_feed({"url": "https://harbour.example/new.xml/"})


def test_a_new_password_is_stored_as_its_hash_and_is_needed_at_once(tmp_path: Path) -> None:
    with world(tmp_path / "config") as desk, desk.served() as site:
        with Client(site) as api:
            api.update_settings({"web": {"password": "open sesame"}}, "*")
            with pytest.raises(ApiError) as error:
                api.list_topics()
        assert error.value.status == 401
        with Client(site, password="open sesame") as api:
            assert api.get_settings()["web"]["secrets"] == ["password"]
        kept = [path.read_text() for path in (tmp_path / "config").rglob("*") if path.is_file() and path.suffix != ".db"
                and not path.name.endswith(("-wal", "-shm"))]  # fmt: skip
        assert not [text for text in kept if "open sesame" in text]


def test_another_sites_page_edits_nothing(site: str, desk: World) -> None:
    before = (desk.folder / "topics.yaml").read_text()

    for method, path in (("POST", "/topics"), ("PATCH", "/topics/eyes"), ("DELETE", "/topics/eyes")):
        answer = httpx.request(
            method, f"{site}/api/v1{path}", headers={"Origin": "https://evil.example", "If-Match": "*"},
        )  # fmt: skip
        assert answer.status_code == 403

    assert (desk.folder / "topics.yaml").read_text() == before


def test_a_body_with_an_unknown_key_and_an_unknown_parameter_are_refused(site: str) -> None:
    headers = {"If-Match": "*"}
    for path, body in (
        ("/topics/eyes", {"nmae": "x"}),
        ("/digests/daily?x=1", {}),
        ("/channels/files", {"optoins": {}}),
    ):
        assert httpx.patch(f"{site}/api/v1{path}", json=body, headers=headers).status_code == 422
