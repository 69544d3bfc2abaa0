"""No secret of a feed leaves the configuration: not by a command, a page, a message, the log or the database."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import yaml

from tests.e2e.machine import Desk, wait_for
from tests.servers import HookServer, MailServer, SlackServer
from tests.web_server import Reply, Server, rss
from watcher.cli.main import run

PASSWORD, FILED, BOBS, CYS = "pa-Zq7/w&rd1", "filed-Zq7-pw2", "bobs-Zq7-pw3", "cys-Zq7-pw4"
HEADER, COOKIE, TOKEN, LITERAL, SIGNATURE = (
    f"{name}-Zq7-{name[::-1]}" for name in ("hdr", "ckie", "tokn", "lit", "sgn")
)
SECRETS = {
    "a password in an address": PASSWORD,
    "a password in a file": FILED,
    "a password of a failing feed": BOBS,
    "a password in an address from the environment": CYS,
    "a header": HEADER,
    "a cookie": COOKIE,
    "a token from the environment": TOKEN,
    "a token as written": LITERAL,
    "a signature": SIGNATURE,
}
LOGINS = {"ann": PASSWORD, "fay": FILED, "bob": BOBS, "cy": CYS}
NEWS = [
    ("one", "Five Eyes partners weigh limits|Officials review what the Five Eyes share."),
    ("two", "Ferry band|Plays."),
]


def basic(user: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{LOGINS[user]}'.encode()).decode()}"


class Forms:
    """Every way in which a secret may stand in a text."""

    def __init__(self) -> None:
        self._forms: dict[str, str] = {}
        for name, secret in SECRETS.items():
            for form in (
                secret,
                quote(secret),
                quote(secret, safe=""),
                secret.replace("&", "&amp;"),
                repr(secret)[1:-1],
            ):
                self._forms[form] = name
        for user in LOGINS:
            self._forms[basic(user).removeprefix("Basic ")] = f"the login of {user}"

    def inside(self, where: str, text: str | bytes) -> list[str]:
        data = text if isinstance(text, bytes) else text.encode()
        return [f"{name} in {where}" for form, name in self._forms.items() if form.encode() in data]


def serve(press: Server) -> None:
    def behind(wanted: dict[str, str], reply: Reply) -> object:
        return lambda headers: (
            reply if all(headers.get(name) == value for name, value in wanted.items()) else Reply(status=401)
        )

    feed = Reply(body=rss(*NEWS), headers={"ETag": '"1"'})
    host = press.url.removeprefix("http://")
    link = f"{press.url}/token?t={TOKEN}"
    own = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='{link}'/>"
    tokened = rss(*NEWS, extra=own).replace(b"https://harbour.example/one", f"{link}&amp;item=1".encode())
    pages = {
        "/login": behind({"authorization": basic("ann")}, feed),
        "/file": behind({"authorization": basic("fay")}, feed),
        "/header": behind({"x-desk-key": HEADER, "accept-language": "pt"}, feed),
        "/cookie": behind({"cookie": f"sid={COOKIE}", "user-agent": "Desk/7"}, feed),
        f"/token?t={TOKEN}": Reply(body=tokened, headers={"ETag": '"1"'}),
        f"/literal?token={LITERAL}": Reply(status=500, body=f"no such token {LITERAL}".encode()),
        "/down": Reply(status=500, body=f"login bob:{BOBS}@{host} failed".encode()),
        f"/whole?sig={SIGNATURE}": Reply(status=301, headers={"Location": f"/moved?sig={SIGNATURE}"}),
        f"/moved?sig={SIGNATURE}": behind({"authorization": basic("cy")}, feed),
        f"/page?token={LITERAL}": Reply(body=f"<html><p>{LITERAL}</p></html>".encode()),
    }
    press.pages.update(pages)  # type: ignore[arg-type]


def furnish(desk: Desk, press: Server) -> None:
    host = press.url.removeprefix("http://")
    (desk.folder / "fay.password").write_text(FILED + "\n")
    (desk.folder / "fay.password").chmod(0o600)
    desk.environ |= {"TOKEN": TOKEN, "DESK_KEY": HEADER, "DESK_COOKIE": COOKIE}
    desk.environ["WHOLE"] = f"http://cy:{CYS}@{host}/whole?sig={SIGNATURE}"
    feeds = [
        f"http://ann:{quote(PASSWORD, safe='')}@{host}/login",
        {"url": f"{press.url}/file", "username": "fay", "password_file": "fay.password"},
        {"url": f"{press.url}/header", "headers": {"X-Desk-Key": "${DESK_KEY}", "Accept-Language": "pt"}},
        {"url": f"{press.url}/cookie", "cookie": "sid=${DESK_COOKIE}", "user_agent": "Desk/7"},
        {"url": f"{press.url}/token?t=${{TOKEN}}"},
        {"url": f"{press.url}/literal?token={LITERAL}"},
        {"url": f"http://bob:{BOBS}@{host}/down"},
        {"url": "${WHOLE}"},
        {"url": f"{press.url}/page?token={LITERAL}"},
    ]
    (desk.folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": feeds}), encoding="utf-8")


def get(desk: Desk, path: str) -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{desk.port}{path}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status), answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def api_paths(desk: Desk) -> list[str]:
    """List every GET of the API, as its own description has it, with a value for each part of an address."""
    described = json.loads(get(desk, "/api/openapi.json")[1])
    values = {"topic_id": "five-eyes", "name": "day"}
    paths = []
    for path, methods in described["paths"].items():
        if "get" in methods:
            for parameter in methods["get"].get("parameters", []):
                if parameter["in"] == "path":
                    path = path.replace(f"{{{parameter['name']}}}", values.get(parameter["name"], "1"))
            paths.append(path)
    return paths


def written(message: EmailMessage) -> str:
    return "\n".join(
        [str(message["Subject"]), *(part.get_content() for part in message.walk() if not part.is_multipart())]
    )


def test_secrets_reach_their_servers_and_nothing_else(
    tmp_path: Path, press: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, forms, leaks = Desk(tmp_path / "desk"), Forms(), list[str]()
    serve(press)
    with MailServer() as mail, SlackServer() as slack, HookServer("hook-secret-1") as hook:
        channels = {
            "mail": {
                "kind": "email", "host": "127.0.0.1", "port": mail.port, "security": "none",
                "sender": "w@desk.example", "to": ["ann@desk.example"],
            },
            "slack": {"kind": "slack", "webhook_url": slack.webhook},
            "hook": {"kind": "webhook", "url": hook.url, "secret": "hook-secret-1"},
            "file": {"kind": "file", "formats": ["html", "text", "markdown", "json"]},
        }  # fmt: skip
        digest = {"name": "day", "schedule": "0 3 * * *", "channels": [*channels], "include_baseline": True}
        desk.write(channels=channels, digests=[digest])
        furnish(desk, press)

        polled = desk.run("poll", "--all", "--json")
        assert json.loads(polled.stdout)["feeds"] == {"due": 9, "fetched": 6, "unchanged": 0, "failed": 3}
        with desk.daemon() as daemon:
            desk.run("digest", "send", "day", "--now")
            wait_for(lambda: mail.messages and slack.messages and hook.asked, "the digest")
            shown = json.loads(get(desk, "/api/v1/feeds")[1])["feeds"]
            assert len(shown) == 9
            asked = [urlencode({"url": feed["url"]}) for feed in shown]
            pages = [
                "/",
                "/hits",
                "/archive",
                "/overview",
                "/feeds",
                "/feeds/add",
                "/feeds.opml",
                "/digests",
                "/topics",
            ]
            pages += ["/digests.atom", "/topics/five-eyes.atom", "/topics/five-eyes.json", "/hits.csv", "/hits.jsonl"]
            pages += ["/hits.md", "/hits.atom", "/metrics", "/readyz", "/deliveries", "/digests/1", "/digests/1/mail"]
            pages += ["/digests/preview?name=day", "/stories", "/workbench", "/entries/1", "/entries/2", "/hits/1"]
            pages += [f"/feeds/show?{query}" for query in asked] + [f"/api/v1/feeds/show?{query}" for query in asked]
            pages += api_paths(desk)
            for path in pages:
                status, text = get(desk, path)
                assert status in {200, 404, 422}, (path, status, text[:300])
                leaks += forms.inside(f"page {path}", text)
            daemon.end()
        leaks += forms.inside("the daemon's log", daemon.log.read_bytes())
        leaks += [leak for message in mail.messages for leak in forms.inside("a mail", written(message))]
        leaks += [leak for message in slack.messages for leak in forms.inside("Slack", json.dumps(message))]
        leaks += [leak for request in hook.asked for leak in forms.inside("a webhook", request.body)]

    urls = [feed["url"] for feed in shown]
    commands = [["feeds", "list"], ["feeds", "list", "--json"], ["feeds", "export"], ["feeds", "export", "--json"]]
    commands += [["feeds", "show", url] for url in urls] + [["feeds", "show", url, "--json"] for url in urls]
    commands += [["status"], ["status", "--json"], ["check"], ["check", "--json"], ["check", "--live"]]
    commands += [["check", "--live", "--json"], ["poll", "--all"], ["poll", "--all", "--json", "--verbose"]]
    commands += [["hits", "--json"], ["hits", "--format", "atom"], ["search", "eyes", "--json"], ["deliveries"]]
    commands += [["digest", "preview", "day", "--format", form] for form in ("text", "html", "slack", "markdown")]
    commands += [["digest", "preview", "day", "--json"], ["db", "check"], ["db", "backup", str(tmp_path / "copy.db")]]
    commands += [["feeds", "discover", f"{press.url}/page?token={LITERAL}"], ["feeds", "remove", "https://x:y@absent/"]]
    commands += [["poll", "--feed", f"http://bob:{BOBS}@{press.url.removeprefix('http://')}/down"]]
    commands += [["feeds", "resume", f"{press.url}/literal?token={LITERAL}"]]
    for name, value in desk.env.items():
        monkeypatch.setenv(name, value)
    for words in commands:
        code = run(words)  # in this process: fifty of them would begin anew for longer than they work
        out, err = capsys.readouterr()
        assert code in {0, 1, 2}, (words, err)
        assert "Traceback" not in err, err
        leaks += forms.inside(f"watcher {' '.join(words)}", out + err)
    for file in [tmp_path / "copy.db", *(path for path in (desk.folder / "var").rglob("*") if path.is_file())]:
        leaks += forms.inside(file.name, file.read_bytes())
    with_secrets = desk.run("feeds", "export", "--with-secrets")

    assert not leaks, "\n".join(sorted(set(leaks)))
    assert all(form in with_secrets.stdout for form in (FILED, TOKEN, LITERAL, SIGNATURE, quote(PASSWORD, safe="")))
    assert "contains the secrets of 9 feeds" in with_secrets.stderr
    answered = {path.partition("?")[0] for path, _headers in press.asked}
    assert answered >= {"/login", "/file", "/header", "/cookie", "/token", "/literal", "/down", "/moved", "/page"}
