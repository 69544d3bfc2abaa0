"""The pages as a person without JavaScript has them: reading, judging, trying, saving, adding, exporting."""

from __future__ import annotations

import csv
import io
import re

import httpx
import pytest
from sqlalchemy import update

from tests.store.filled import bring, item
from tests.web.site import World
from tests.web.test_gate import form_token
from tests.web_server import Reply, Server, rss
from watcher.fetch import Fetcher, FetchPolicy
from watcher.model.entry import Enclosure
from watcher.store.tables import feeds as feed_table

READ = ("/", "/hits", "/stories", "/stories/1", "/archive", "/topics", "/topics/eyes", "/feeds", "/feeds/add",
        "/digests", "/deliveries", "/overview", "/workbench", "/workbench?topic=eyes", "/as-of", "/as-of?at=1d",
        "/hits/1", "/entries/1", "/digests/preview?name=daily", "/digests/preview/mail?name=daily",
        "/feeds/show?url=https://ledger.example/feed.xml", "/feeds.opml", "/hits.jsonl", "/hits.md", "/hits.atom",
        "/query/check?q=a")  # fmt: skip


@pytest.mark.parametrize("path", READ)
def test_a_page_can_be_read(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/hits?q=(", "/hits?since=soon", "/hits?topic=nobody", "/hits?cursor=zz", "/hits?story=x", "/hits?q=%00",
     "/archive?q=(", "/archive?cursor=zz", "/stories?since=soon", "/digests?cursor=zz", "/deliveries?cursor=zz",
     "/as-of?at=soon", "/hits.csv?q=("],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_answered_in_words(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"accept": "text/html"})

    assert answer.status_code == 400
    assert "went wrong" not in answer.text


@pytest.mark.parametrize("path", ["/hits/999", "/stories/999", "/topics/nobody", "/feeds/show?url=x", "/digests/9"])
def test_what_is_not_there_is_said_to_be_absent(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"accept": "text/html"})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_evidence_is_marked_in_the_list(client: httpx.Client) -> None:
    assert "<mark>Five Eyes</mark> partners weigh limits" in client.get("/hits").text


def test_a_story_tells_what_a_later_report_adds(client: httpx.Client) -> None:
    page = client.get("/stories/" + str(client.get("/api/v1/hits?topic=eyes").json()["hits"][0]["story"]["id"])).text

    assert page.index("The Harbour Post") < page.index("The Capital Ledger")
    assert "Ministers in Ottawa will meet about it on Friday." in page
    [parts] = re.findall(r">Importance: ([^<]+)</p>", page)
    assert "independent outlet" in parts
    assert "matches its topic" in parts


def test_an_entry_shows_its_files(desk: World, client: httpx.Client) -> None:
    file = Enclosure(url="https://cdn.example/episode.mp3", type="audio/mpeg", bytes=12_345_678)
    bring(desk.app.database, [item(9, "An episode", enclosures=(file,))], feed="https://harbour.example/feed.xml")
    entry = client.get("/api/v1/entries", params={"q": "episode"}).json()["entries"][0]["entry"]

    page = client.get(f"/entries/{entry['id']}").text

    assert entry["enclosures"] == [{"url": file.url, "type": "audio/mpeg", "bytes": 12_345_678}]
    assert f'href="{file.url}"' in page
    assert "12.3 MB" in page


def test_an_edit_is_shown_word_by_word(client: httpx.Client) -> None:
    hit = client.get("/api/v1/hits?topic=cyber").json()["hits"][0]["id"]

    page = client.get(f"/hits/{hit}").text

    assert "<del>stand down</del>" in page
    assert "<ins>pause</ins>" in page


def test_a_moment_shows_the_words_of_that_moment(client: httpx.Client) -> None:
    page = client.get("/as-of", params={"at": "2026-03-02T13:05Z"}).text

    assert "Cyber Command told to stand down" in page
    assert "Later changed to" in page
    assert "Cyber Command" not in client.get("/as-of", params={"at": "2026-03-02T12:50Z"}).text


def test_a_judgement_by_form_is_recorded(client: httpx.Client) -> None:
    token = form_token(client.get("/hits"))

    answer = client.post("/hits/1/label", data={"csrf": token, "label": "relevant", "next": "/hits?topic=eyes"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/hits?topic=eyes")
    assert client.get("/api/v1/hits/1").json()["label"] == "relevant"


def test_an_export_is_what_is_shown_and_no_formula(client: httpx.Client) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/hits.csv?topic=eyes").text)))

    assert [row["topic"] for row in rows] == ["eyes", "eyes"]
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


def test_the_workbench_shows_gains_and_losses(client: httpx.Client) -> None:
    token = form_token(client.get("/workbench?topic=eyes"))
    draft = {"csrf": token, "id": "eyes", "name": "Five Eyes", "query": "title:ottawa OR petrel*", "since": "7d"}

    page = client.post("/workbench", data=draft | {"look": "try"}).text

    assert "<b>gains 1</b>, <b>loses 2</b>" in page
    for look in ("cost", "probe", "measure"):
        assert client.post("/workbench", data=draft | {"look": look}).status_code == 200


def test_saving_a_topic_keeps_the_files_comments_and_comes_into_force(desk: World, client: httpx.Client) -> None:
    token = form_token(client.get("/workbench?topic=eyes"))
    draft = {"csrf": token, "id": "eyes", "name": "Five Eyes", "query": '@spies OR "petrels return"', "look": "save"}

    answer = client.post("/workbench", data=draft)

    assert answer.status_code == 303
    written = (desk.folder / "topics.yaml").read_text("utf-8")
    assert "# What is watched." in written
    assert "# The alliance itself." in written
    assert '@spies OR "petrels return"' in written
    assert client.get("/api/v1/topics/eyes").json()["query"].strip() == '@spies OR "petrels return"'


def test_a_query_that_cannot_be_read_is_not_saved(desk: World, client: httpx.Client) -> None:
    before = (desk.folder / "topics.yaml").read_bytes()
    token = form_token(client.get("/workbench"))

    answer = client.post("/workbench", data={"csrf": token, "id": "new", "query": "(", "look": "save"})

    assert answer.status_code == 400
    assert (desk.folder / "topics.yaml").read_bytes() == before


def test_a_file_that_cannot_be_written_is_shown_instead(desk: World, client: httpx.Client) -> None:
    (desk.folder / "topics.yaml").unlink()
    (desk.folder / "topics.yaml").mkdir()
    token = form_token(client.get("/workbench"))

    answer = client.post("/workbench", data={"csrf": token, "id": "new", "query": "petrel*", "look": "save"})

    assert answer.status_code == 400
    assert "- id: new" in answer.text


def test_a_feed_is_found_by_its_page_and_added(desk: World, press: Server) -> None:
    link = b'<html><link rel="alternate" type="application/rss+xml" href="/rss"><title>x</title></html>'
    press.pages["/"] = Reply(link, headers={"Content-Type": "text/html"})
    press.pages["/rss"] = Reply(rss(("1", "News")), headers={"Content-Type": "application/rss+xml"})
    desk.fetcher = Fetcher(FetchPolicy(allow=("127.0.0.0/8",)))

    with desk.client() as client:
        token = form_token(client.get("/feeds/add"))
        page = client.post("/feeds/add", data={"csrf": token, "url": press.url + "/"})
        added = client.post("/feeds/add", data={"csrf": token, "feed": press.url + "/rss"})

        assert "The Harbour Post" in page.text
        assert (added.status_code, added.headers["location"]) == (303, "/feeds?added=1")
        assert press.url + "/rss" in [feed["url"] for feed in client.get("/api/v1/feeds").json()["feeds"]]
    assert "# Where it is watched." in (desk.folder / "feeds.yaml").read_text("utf-8")


def test_the_server_fetches_no_address_within(desk: World, press: Server) -> None:
    press.pages["/rss"] = Reply(rss(("1", "Secret")))
    desk.fetcher = Fetcher(FetchPolicy())

    with desk.client() as client:
        token = form_token(client.get("/feeds/add"))
        answer = client.post("/feeds/add", data={"csrf": token, "url": press.url + "/rss"})

    assert answer.status_code == 400
    assert press.asked == []


def test_lists_of_feeds_go_in_and_out(desk: World, client: httpx.Client) -> None:
    token = form_token(client.get("/feeds/add"))
    opml = b'<opml version="2.0"><body><outline text="New" type="rss" xmlUrl="https://new.example/rss"/></body></opml>'

    answer = client.post("/feeds/import", data={"csrf": token}, files={"opml": ("feeds.opml", opml)})

    assert answer.headers["location"] == "/feeds?added=1"
    assert "https://new.example/rss" in client.get("/feeds.opml").text


def test_a_feed_with_a_login_is_added_on_the_page_and_its_password_shown_nowhere(desk: World, press: Server) -> None:
    press.pages["/rss"] = Reply(rss(("1", "News")), headers={"Content-Type": "application/rss+xml"})
    desk.fetcher = Fetcher(FetchPolicy(allow=("127.0.0.0/8",)))
    full = press.url.replace("http://", "http://ann:s3same@") + "/rss"

    with desk.client() as client:
        token = form_token(client.get("/feeds/add"))
        added = client.post("/feeds/add", data={"csrf": token, "feed": full})
        pages = [client.get(path, params=params) for path, params in [
            ("/feeds", None), ("/feeds.opml", None), ("/api/v1/feeds", None), ("/feeds/show", {"url": full}),
            ("/api/v1/feeds/show", {"url": full}), ("/feeds/show", {"url": press.url + "/rss"}),
            ("/api/v1/feeds/show", {"url": full + "/absent"}),
        ]]  # fmt: skip
        removed = client.post("/feeds/remove", data={"csrf": token, "url": full})

    assert added.headers["location"] == "/feeds?added=1"
    assert [page.status_code for page in pages] == [200] * 6 + [404]
    assert not any("s3same" in page.text for page in pages)
    assert removed.status_code == 303
    assert "s3same" not in (desk.folder / "feeds.yaml").read_text("utf-8")


@pytest.mark.parametrize("url", ["https://new.example/?x=${HOME}", "https://new.example/?sig=***"])
def test_the_page_reads_no_value_of_the_environment(client: httpx.Client, url: str) -> None:
    token = form_token(client.get("/feeds/add"))
    opml = f"<opml version='2.0'><body><outline text='New' type='rss' xmlUrl='{url}'/></body></opml>".encode()

    added = client.post("/feeds/add", data={"csrf": token, "feed": url})
    imported = client.post("/feeds/import", data={"csrf": token}, files={"opml": ("feeds.opml", opml)})

    assert added.status_code == 400
    assert imported.headers["location"] == "/feeds?added=0&skipped=1"
    assert "1 left out" in client.get("/feeds?added=0&skipped=1").text
    assert "new.example" not in client.get("/api/v1/feeds").text


def test_new_hits_are_streamed_by_id_from_where_one_was(client: httpx.Client) -> None:
    seen = []
    with client.stream("GET", "/events", headers={"last-event-id": "1"}) as stream:
        for line in stream.iter_lines():
            if line.startswith("id: "):
                seen.append(int(line[4:]))
            if len(seen) == 2:
                break

    assert seen == [2, 3]


def test_what_is_not_stored_and_what_was_merged_is_shown_with_its_feed(desk: World, client: httpx.Client) -> None:
    url = "https://ledger.example/feed.xml"
    counts = {"left_out": 7, "left_marks": b"12345678", "merged": 2, "recovered": 12}
    with desk.app.database.write() as db:
        db.execute(update(feed_table).where(feed_table.c.url == url).values(counts))

    shown, listed = client.get(f"/feeds/show?url={url}").text, client.get("/feeds?health=degraded").text
    overview, front = client.get("/overview").text, client.get("/hits").text
    standing = client.get("/api/v1/status").json()
    [feed] = client.get("/api/v1/feeds?health=degraded").json()["feeds"]

    assert "7 items not stored and possibly missing" in shown
    assert "2 items of its last document taken for repetitions" in shown
    assert "12 items that an earlier version had merged" in shown
    assert "+7" in listed
    assert "7 items not stored" in overview
    assert "7 items not stored" in front
    assert (standing["left_out"], standing["merged"], standing["recovered"]) == (7, 2, 12)
    assert (feed["health"], feed["left_out"], feed["merged"], feed["recovered"]) == ("degraded", 7, 2, 12)


def test_a_story_is_exported_as_a_brief(client: httpx.Client) -> None:
    number = client.get("/api/v1/hits?topic=eyes").json()["hits"][0]["story"]["id"]

    for prefix in ("", "/api/v1"):
        markdown = client.get(f"{prefix}/stories/{number}/brief.md")
        assert markdown.headers["content-disposition"] == f'attachment; filename="story-{number}.md"'
        assert "First reported by The Harbour Post" in markdown.text
        assert client.get(f"{prefix}/stories/{number}/brief.docx").content.startswith(b"PK")
        assert client.get(f"{prefix}/stories/987654/brief.md").status_code == 404
    brief = client.get(f"/api/v1/stories/{number}/brief").json()
    assert [report["outlet"] for report in brief["reports"]] == ["The Harbour Post", "The Capital Ledger"]
    assert brief["reports"][1]["adds"] == ["Ministers in Ottawa will meet about it on Friday."]
