"""The pages that edit the configuration: plain forms, with a token, that say what is wrong and can be undone."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from tests.web.site import HARBOUR, World
from watcher.digest.schedule_text import convert_to_cron, format_schedule

Post = Callable[..., httpx.Response]
FORMS = (
    "/digests/new", "/digests/edit?name=daily", "/digests/act", "/channels/new", "/channels/edit?name=files",
    "/channels/test", "/channels/delete", "/topics/eyes/settings", "/topics/eyes/act", f"/feeds/edit?url={HARBOUR}",
    "/feeds/act", "/feeds/find", "/feeds/remove", "/settings", "/history/undo",
)  # fmt: skip


@pytest.fixture
def post(client: httpx.Client) -> Post:
    client.follow_redirects = True
    match = re.search(r'name="csrf" content="([^"]+)"', client.get("/digests").text)
    assert match is not None

    def send(path: str, **fields: str | list[str]) -> httpx.Response:
        return client.post(path, data={"csrf": match[1], **fields})

    return send


def read_etag(page: httpx.Response) -> str:
    match = re.search(r'name="etag" value="([^"]+)"', page.text)
    assert match is not None
    return match[1]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_its_token_changes_nothing(desk: World, client: httpx.Client, path: str) -> None:
    client.get("/digests")
    before = {file.name: file.read_bytes() for file in desk.folder.glob("*.yaml")}

    answer = client.post(path, data={"name": "daily", "do": "delete", "number": "1", "url": HARBOUR})

    assert answer.status_code == 403
    assert {file.name: file.read_bytes() for file in desk.folder.glob("*.yaml")} == before


def test_a_digest_is_made_changed_paused_and_deleted(desk: World, post: Post, client: httpx.Client) -> None:
    made = post("/digests/new", title="Morning <news>", schedule="weekdays at 7", timezone="Europe/London",
                channel="files", topic="eyes", empty="skip")  # fmt: skip
    assert "Added the digest Morning &lt;news&gt;" in made.text
    digest = desk.app.settings.subscription("morning-news")
    assert digest is not None
    assert (digest.timezone, digest.topics) == ("Europe/London", ("eyes",))

    form = client.get("/digests/edit?name=morning-news")
    post("/digests/edit?name=morning-news", etag=read_etag(form), title="Morning", schedule="weekdays at 07:00",
         timezone="Europe/London", channel="files", all_topics="1", empty="skip", name="morning-news")  # fmt: skip
    post("/digests/act", name="morning-news", do="pause")
    digest = desk.app.settings.subscription("morning-news")
    assert digest is not None
    assert (digest.title, digest.topics, digest.paused) == ("Morning", (), True)

    deleted = post("/digests/act", name="morning-news", do="delete")
    assert desk.app.settings.subscription("morning-news") is None
    number = re.search(r'name="number" value="(\d+)"', deleted.text)
    page = re.search(r'name="next" value="([^"]+)"', deleted.text)
    assert number is not None
    assert page is not None
    undone = post("/history/undo", number=number[1], next=page[1])
    assert undone.url.path == "/digests"
    assert desk.app.settings.subscription("morning-news") is not None


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "/logout", "/digests/../logout", ""])
def test_an_undo_leads_to_no_other_page(post: Post, page: str) -> None:
    made = post("/feeds/act", url="https://harbour.example/feed.xml", do="pause")
    number = re.search(r'name="number" value="(\d+)"', made.text)
    assert number is not None

    undone = post("/history/undo", number=number[1], next=page)

    assert (undone.url.host, undone.url.path) == (made.url.host, "/history")


def test_a_form_that_is_refused_keeps_what_was_typed_and_says_why(post: Post) -> None:
    refused = post("/digests/new", title="My title", schedule="now and then", channel="files")

    assert refused.status_code == 422
    assert "no schedule" in refused.text
    assert 'value="My title"' in refused.text
    assert 'value="now and then"' in refused.text


def test_the_next_three_times_are_shown_before_a_digest_is_saved(desk: World, post: Post) -> None:
    shown = post("/digests/new", do="check", title="W", schedule="fridays at 16:00", timezone="Europe/London")

    assert "Fri 6 Mar 16:00" in shown.text
    assert "Fri 20 Mar 16:00" in shown.text
    assert len(desk.app.settings.subscriptions) == 1


@pytest.mark.parametrize(
    ("schedule", "timezone", "ok", "message"),
    [
        ("fridays at 16:00", "Europe/London", True, "Next: Fri 6 Mar 16:00; Fri 13 Mar 16:00; Fri 20 Mar 16:00."),
        ("Immediate", "UTC", True, "An alert: sent when a story begins."),
        ("now and <b>then</b>", "UTC", False, "Cannot read this schedule"),
        ("daily at 7", "Europe/Nowhere", False, "no time zone"),
        ("0 0 30 2 *", "UTC", False, "is no schedule"),
    ],
)
def test_the_next_times_are_answered_while_a_schedule_is_typed(
    client: httpx.Client, schedule: str, timezone: str, ok: bool, message: str
) -> None:
    answer = client.get("/digests/times", params={"schedule": schedule, "timezone": timezone})

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["ok"] is ok
    assert message in answer.json()["said"]


def test_a_digest_is_sent_from_its_preview(desk: World, post: Post, client: httpx.Client) -> None:
    preview = client.get("/digests/preview?name=daily").text

    sent = post("/digests/act", name="daily", do="send")

    assert "Send “Daily digest” now to 1 recipient through files?" in preview
    assert "Send now" not in client.get("/digests/preview?name=daily&since=2h").text
    assert str(sent.url.path).startswith("/digests/")
    assert "Five Eyes" in sent.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/digests/edit?name=daily", {
            "name": "daily", "title": "Daily digest", "schedule": "every day at 07:00", "timezone": "UTC",
            "channel": "files", "all_topics": "1", "empty": "send", "max_stories": "25",
        }),
        ("/topics/eyes/settings", {"name": "Five Eyes", "id": "eyes", "description": "", "tags": ""}),
        (f"/feeds/edit?url={HARBOUR}", {"url": HARBOUR, "title": "The Harbour Post"}),
    ],
)  # fmt: skip
def test_a_form_that_changes_nothing_says_so(
    desk: World, post: Post, client: httpx.Client, path: str, fields: dict[str, str]
) -> None:
    post("/topics/cyber/settings", etag="*", name="Cyber", id="cyber", description="", tags="")
    before = {file.name: file.read_bytes() for file in desk.folder.glob("*.yaml")}

    answer = post(path, etag=read_etag(client.get(path)), **fields)

    assert "Nothing changed." in answer.text
    assert "/history/undo" not in answer.text
    assert {file.name: file.read_bytes() for file in desk.folder.glob("*.yaml")} == before


def test_what_was_changed_by_hand_is_shown_beside_the_change(desk: World, post: Post, client: httpx.Client) -> None:
    etag = read_etag(client.get("/digests/edit?name=daily"))
    path = desk.folder / "watcher.yaml"
    path.write_text(path.read_text().replace("title: Daily digest", "title: By hand"))

    refused = post("/digests/edit?name=daily", etag=etag, title="On the page", schedule="daily at 7", channel="files")

    assert refused.status_code == 412
    assert "Compare the two" in refused.text
    assert "By hand" in refused.text
    assert "title: By hand" in path.read_text()


def test_a_channel_is_made_and_its_secret_is_never_sent_back(desk: World, post: Post, client: httpx.Client) -> None:
    made = post("/channels/new?kind=email", name="mail", host="127.0.0.1", port="9", security="none", username="u",
                password="s3same-open", sender="a@b.example", to="c@d.example\r\ne@f.example")  # fmt: skip

    assert made.status_code == 200
    assert "s3same-open" not in made.text + client.get("/channels/edit?name=mail").text
    channel = desk.app.settings.channel("mail")
    assert channel is not None
    assert channel.recipients == ("c@d.example", "e@f.example")
    post("/channels/edit?name=mail", etag="*", name="mail", host="127.0.0.1", port="25", security="none", username="u",
         password="", sender="a@b.example", to="c@d.example", on_uncertain="resend")  # fmt: skip
    assert desk.app.settings.channel("mail").options.secrets == ("s3same-open",)  # type: ignore[union-attr]


def test_a_topic_is_renamed_paused_deleted_and_restored(desk: World, post: Post, client: httpx.Client) -> None:
    etag = read_etag(client.get("/topics/eyes/settings"))

    renamed = post("/topics/eyes/settings", etag=etag, name="The alliance", id="alliance", description="", tags="a, b")
    assert "The alliance" in renamed.text
    assert "2 hits" in renamed.text
    post("/topics/alliance/act", do="pause")
    assert [topic.id for topic in desk.app.matcher.topics] == ["cyber"]
    post("/topics/alliance/act", do="delete")
    assert "Deleted topics: 1" in client.get("/topics").text
    post("/topics/alliance/act", do="restore")
    assert [topic.id for topic in desk.app.settings.topics] == ["cyber", "alliance"]


def test_a_feed_is_edited_and_paused(desk: World, post: Post, client: httpx.Client) -> None:
    etag = read_etag(client.get("/feeds/edit", params={"url": HARBOUR}))

    post(f"/feeds/edit?url={HARBOUR}", etag=etag, url=HARBOUR, title="Harbour", tags="press", interval="2h", paused="1")

    source = desk.app.settings.source(HARBOUR)
    assert source is not None
    assert (source.title, source.tags, source.enabled) == ("Harbour", ("press",), False)
    post("/feeds/act", url=HARBOUR, do="resume")
    assert desk.app.settings.source(HARBOUR).enabled  # type: ignore[union-attr]


def test_two_passwords_that_differ_are_refused(desk: World, post: Post) -> None:
    refused = post("/settings", etag="*", password="open sesame", password_again="open sesam")

    assert "The two passwords are not the same." in refused.text
    assert desk.app.settings.web.password is None


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 7 * * *", "Every day at 07:00"),
        ("weekdays at 7:30", "Weekdays at 07:30"),
        ("0 9,17 * * 1,4", "Mondays and Thursdays at 09:00 and 17:00"),
        ("immediate", "When a story begins"),
        ("*/20 * * * *", "*/20 * * * *"),
        ("0 7 1 * *", "0 7 1 * *"),
    ],
)
def test_a_schedule_is_shown_in_words_that_mean_the_same(schedule: str, words: str) -> None:
    assert format_schedule(schedule) == words
    if schedule != "immediate":
        assert convert_to_cron(words.lower()) == convert_to_cron(schedule)
