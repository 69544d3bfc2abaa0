"""Options of single feeds in feeds.yaml: what they become, and what is named as a fault, where."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import trustme

from watcher.errors import ConfigError, UsageError
from watcher.model.feed import FeedConfig
from watcher.settings import Settings, load
from watcher.settings.edit_feeds import add_sources, remove_source
from watcher.settings.feeds import find_source, make_source

URL = "https://desk.example/feed"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "watcher.yaml").write_text("fetch: {contact: desk@post.example}\n")
    (tmp_path / "topics.yaml").write_text("topics: [{id: eyes, query: eyes}]\n")
    return tmp_path


def configured(folder: Path, *feeds: str, environ: Mapping[str, str] | None = None) -> Settings:
    (folder / "feeds.yaml").write_text("feeds:\n" + "".join(f"  - {feed}\n" for feed in feeds), "utf-8")
    return load(folder, environ or {})


def faults(folder: Path, *feeds: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configured(folder, *feeds, environ=environ)
    return [f"{fault.line}:{fault.column}: {fault.message}" for fault in caught.value.faults]


def one(folder: Path, feed: str, environ: Mapping[str, str] | None = None) -> FeedConfig:
    (source,) = configured(folder, feed, environ=environ).sources
    return source


def test_every_option_of_a_feed_is_read(folder: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(folder / "authority.pem"))
    (folder / "pw").write_text("s3same!\n")
    (folder / "pw").chmod(0o600)

    source = one(
        folder,
        "{url: 'https://desk.example/feed', headers: {X-Desk: 'north wing', Accept-Language: pt}, username: ann,"
        " password_file: pw, cookie: 'sid=a1b2; theme=dark', user_agent: 'Mozilla/5.0 (desk)', verify: authority.pem,"
        " http_version: 2, proxy: 'socks5://p:q@127.0.0.1:1080', weight: 2.5}",
    )

    access = source.access
    assert (access.username, access.password) == ("ann", "s3same!")
    assert access.headers == (("X-Desk", "north wing"), ("Accept-Language", "pt"))
    assert (access.cookie, access.user_agent) == ("sid=a1b2; theme=dark", "Mozilla/5.0 (desk)")
    assert access.verify == str(folder / "authority.pem")
    assert (access.http_version, access.proxy) == ("2", "socks5://p:q@127.0.0.1:1080")
    assert (source.weight, source.private) == (2.5, True)
    for secret in ("s3same", "a1b2", "north wing", "p:q"):
        assert secret not in repr(source)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("headers: {'X Desk': a}", "'X Desk' is not a header name"),
        ("headers: {'': a}", "is not a header name"),
        ('headers: {X-Desk: "a\\nX-Evil: b"}', "the header `X-Desk` holds a line break"),
        ("headers: {X-Desk: 'snow ☃'}", "the header `X-Desk` holds characters that no header can carry"),
        ("headers: {X-Desk: }", "the header `X-Desk` has no value"),
        ("headers: {X-Desk: [a]}", "the header `X-Desk` has no value"),
        ("headers: {X-Desk: a, x-desk: b}", "the header `x-desk` appears twice"),
        ("headers: {HOST: other.example}", "the header `HOST` cannot be set: the host stands in `url`"),
        ("headers: {Content-Length: 7}", "the header `Content-Length` cannot be set"),
        ("headers: {connection: close}", "the header `connection` cannot be set"),
        ("headers: {Accept-Encoding: br}", "the header `Accept-Encoding` cannot be set"),
        ("headers: {Range: bytes=0-}", "the header `Range` cannot be set"),
        ("headers: {If-None-Match: x}", "the header `If-None-Match` cannot be set"),
        ("headers: {Cookie: a=b}, cookie: c=d", "`Cookie` and `cookie` are both set"),
        ("headers: {User-Agent: a}, user_agent: b", "`User-Agent` and `user_agent` are both set"),
        ("headers: {Authorization: Bearer a}, username: b, password: c", "`Authorization` and `username` are both set"),
        ("headers: [a]", "`headers`: expected `key: value` lines here"),
        ("username: ann", "`username` needs `password` or `password_file` beside it"),
        ("password: s3same", "`password` needs `username` beside it"),
        ("username: 'a:b', password: c", "`username` must not contain a colon"),
        ("username: ann, password: a, password_file: b", "`password` and `password_file` are both set"),
        ("username: ann, password_file: absent", "absent: no such file or directory"),
        ("cookie: token", "is not a cookie"),
        ("cookie: 'Cookie: a=b'", "is not a cookie"),
        ('cookie: "a=b\\r\\nX: y"', "must be one line of ASCII"),
        ("user_agent: 'größer'", "must be one line of ASCII"),
        ("verify: absent.pem", "absent.pem: no such file or directory; write `false` or the path of a file"),
        ("verify: feeds.yaml", "feeds.yaml holds no certificates in PEM form"),
        ("http_version: 3", "3 is none of 1.1 or 2"),
        ("proxy: 'ftp://p:s3same@h:1'", "a proxy's address begins with http://"),
        ("proxy: 'http://p:s3same@h:notaport'", "has no port that can be dialled"),
        ("proxy: 'https://p:s3same@h:1'", "begins with http://, socks5:// or socks5h://, not https://"),
        ("weight: 0", "`weight`: '0' is out of range: more than 0"),
        ("weight: -1", "out of range"),
        ("weight: heavy", "is not a number"),
        ("weight: .nan", "`weight`"),
    ],
)
def test_what_cannot_be_used_is_a_fault_with_its_place(folder: Path, option: str, message: str) -> None:
    named = faults(folder, f"{{url: '{URL}', {option}}}")

    assert any(message in fault for fault in named), named
    assert all(fault.startswith("2:") for fault in named)
    assert not any("s3same" in fault for fault in named)


def test_http_2_without_its_package_is_a_fault_with_the_command_that_installs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h2", None)

    (named,) = faults(folder, "'https://a.example/f'", f"{{url: '{URL}', http_version: 2}}")

    assert named.startswith("3:")
    assert "pip install 'newsdesk-watcher[http2]'" in named


@pytest.mark.parametrize(
    "feed",
    [
        "'https://ann:s3same@desk.example:port/feed'",
        "'https://ann:s3/same@desk.example/feed'",
        "'ftp://ann:s3same@desk.example/feed'",
        "'https://[ann:s3same@desk.example/feed'",
        "{url: 'https://ann:s3same@desk.example/feed', username: ann, password: s3same}",
        "{url: 'https://ann:s3same@desk.example/feed', password: s3same}",
    ],
)
def test_a_fault_of_an_address_does_not_repeat_its_login(folder: Path, feed: str) -> None:
    assert not any("s3" in fault or "same@" in fault for fault in faults(folder, feed))


def test_two_items_with_one_address_and_one_login_are_a_fault_that_shows_no_login(folder: Path) -> None:
    named = faults(folder, "'https://ann:s3same@desk.example/feed'", "'https://ann:s3same@DESK.example/feed'")

    assert named == ["3:5: feed https://DESK.example/feed appears twice (first in line 2)"]


def test_open_secret_files_and_unchecked_certificates_are_named_as_notes(folder: Path) -> None:
    (folder / "pw").write_text("s3same")
    (folder / "pw").chmod(0o644)

    settings = configured(folder, f"{{url: '{URL}', username: ann, password_file: pw, verify: false}}")

    assert settings.sources[0].access.verify is False
    assert [(note.line, "chmod 600" in note.message, "verify" in note.message) for note in settings.notes] == [
        (2, True, False),
        (2, False, True),
    ]


def test_a_login_in_the_address_is_taken_out_of_it(folder: Path) -> None:
    source = one(folder, "'https://ann%40d:s%3Ame@desk.example/feed'")

    assert source.url == source.request_url == URL
    assert (source.access.username, source.access.password, source.private) == ("ann@d", "s:me", True)


def test_a_feed_keeps_its_name_when_its_login_leaves_the_address(folder: Path) -> None:
    before = one(folder, "'https://ann:old@desk.example/feed'")
    after = one(folder, f"{{url: '{URL}', username: ann, password: new}}")

    assert before.url == after.url


def test_values_of_the_environment_are_filled_in_and_the_feed_is_known_by_their_names(folder: Path) -> None:
    environ = {"TOKEN": "t0psecret", "DESK": "desk.example", "LOGIN": "ann:s3same", "WHOLE": "https://u:v@w.example/x"}
    settings = configured(
        folder,
        "'https://${DESK}/feed?k=${TOKEN}'",
        "'https://${LOGIN}@desk.example/two'",
        "${WHOLE}",
        "{url: 'https://desk.example/four', cookie: 'sid=${TOKEN}', headers: {X-Key: '${TOKEN}'}, tags: ['${DESK}']}",
        environ=environ,
    )

    assert [source.url for source in settings.sources] == [
        "https://${DESK}/feed?k=${TOKEN}",
        "https://desk.example/two",
        "${WHOLE}",
        "https://desk.example/four",
    ]
    assert [source.request_url for source in settings.sources] == [
        "https://desk.example/feed?k=t0psecret",
        "https://desk.example/two",
        "https://w.example/x",
        "https://desk.example/four",
    ]
    assert settings.sources[1].access.username == "ann"
    assert settings.sources[2].access.password == "v"
    assert settings.sources[3].access.headers == (("X-Key", "t0psecret"),)
    assert "t0psecret" in settings.sources[3].secrets


def test_an_unset_variable_is_named_with_its_place(folder: Path) -> None:
    named = faults(folder, "{url: 'https://desk.example/f?k=${TOKEN}', cookie: 'a=${COOKIE}'}", environ={"TOKENS": "x"})

    assert named == [
        "2:37: environment variable TOKEN is not set; did you mean `TOKENS`?",
        "2:59: environment variable COOKIE is not set",
    ]


@pytest.mark.parametrize(
    "feed",
    [
        "{url: 'https://desk.example/f', interval: '${X}'}",
        "{url: 'https://desk.example/f', enabled: '${X}'}",
        "{url: 'https://desk.example/f', language: '${X}'}",
        "{url: 'https://desk.example/f', weight: '${X}'}",
        "{url: 'https://desk.example/f', http_version: '${X}'}",
        "{url: 'https://desk.example/f', verify: '${X}'}",
        "{url: 'https://desk.example/f', proxy: 'ftp://${X}'}",
        "{url: 'https://desk.example/f', username: u, password_file: '${X}'}",
        "{url: '${X}'}",
        "{url: 'https://desk.example:${X}/'}",
        "{url: 'ftp://${X}/'}",
    ],
)
def test_a_fault_names_the_variable_and_never_its_value(folder: Path, feed: str) -> None:
    for value in ("Zq7-vexing", "https://zq7vexing:Zq7-vexing", "zq7 Vexing'quote"):
        named = faults(folder, feed, environ={"X": value})

        assert named
        assert not any("vexing" in fault.lower() for fault in named), named


@pytest.mark.parametrize(
    ("main", "environ"),
    [
        ("channels: {chat: {kind: '${SLACK}', token: x}}", {}),
        ("engine: '${SLACK}'", {}),
        ("web: {port: '${SLACK}'}", {}),
        ("web: {base_url: '${SLACK}'}", {}),
        ("fetch: {timeout: '${SLACK}', allow: ['${SLACK}']}", {}),
        ("digests: [{name: day, schedule: '${SLACK}', channels: ['${SLACK}'], timezone: '${SLACK}'}]", {}),
        ("channels: {mail: {kind: email, host: h, sender: '${SLACK}', to: ['${SLACK}']}}", {}),
        ("polling: {}", {"WATCHER_WEB__PORT": "xoxb-Zq7-vexing"}),
        ("polling: {}", {"WATCHER_CHANNELS__CHAT__KIND": "xoxb-Zq7-vexing"}),
    ],
)
def test_faults_of_watcher_yaml_name_the_variable_too(folder: Path, main: str, environ: Mapping[str, str]) -> None:
    (folder / "watcher.yaml").write_text(main + "\n")

    named = faults(folder, f"'{URL}'", environ={"SLACK": "xoxb-Zq7-vexing", **environ})

    assert not any("vexing" in fault.lower() for fault in named), named
    assert any("${SLACK}" in fault or "WATCHER_" in fault or "port" in fault for fault in named)


def test_feeds_that_differ_in_a_secret_alone_stay_two_feeds(folder: Path) -> None:
    settings = configured(
        folder,
        "'https://desk.example/f?key=sport'",
        "'https://desk.example/f?key=news'",
        "'https://ann:a@desk.example/g'",
        "'https://bob:b@desk.example/g'",
    )

    urls = [source.url for source in settings.sources]
    assert urls[0] == "https://desk.example/f?key=***"
    assert urls[1].startswith("https://desk.example/f?key=***#")
    assert len(set(urls)) == 4
    assert [source.access.username for source in settings.sources[2:]] == ["ann", "bob"]
    assert not any(word in url for url in urls for word in ("news", "ann", "bob"))


def test_an_address_that_was_copied_from_a_list_is_refused_with_the_next_step(folder: Path) -> None:
    (named,) = faults(folder, "'https://desk.example/f?token=***'")

    assert named.startswith("2:5: `url`: *** stands in place of a secret: write the secret, or `${NAME}`")


@pytest.mark.parametrize(
    "typed",
    [
        "https://desk.example/f?token=***",
        "https://ann:s3same@desk.example/f?token=abc123",
        "https://***@desk.example/f?token=***",
        "https://desk.example/f?token=abc123",
        "https://DESK.example/f?token=abc123",
    ],
)
def test_a_feed_is_found_by_its_full_and_by_its_redacted_address(folder: Path, typed: str) -> None:
    settings = configured(folder, "'https://ann:s3same@desk.example/f?token=abc123'", "'https://desk.example/other'")

    assert find_source(settings.sources, typed) == settings.sources[0]


def test_feeds_with_secrets_are_added_and_removed_and_the_others_stay_as_written(folder: Path) -> None:
    configured(
        folder,
        "'https://ann:s3same@desk.example/one'  # a comment",
        "{url: 'https://desk.example/two?k=${TOKEN}'}",
        environ={"TOKEN": "t0p"},
    )
    environ = {"TOKEN": "t0p"}

    add_sources(
        folder,
        environ,
        [make_source({"url": "https://bob:${x}y@desk.example/three?sig=9f", "title": "Three"}, {"x": "z"})],
    )
    added = load(folder, environ).sources[-1]
    remove_source(folder, environ, "https://desk.example/two?k=${TOKEN}")

    assert (added.access.username, added.access.password) == ("bob", "zy")
    assert added.url == "https://desk.example/three?sig=***"
    text = (folder / "feeds.yaml").read_text()
    assert "https://ann:s3same@desk.example/one'  # a comment" in text
    assert "two" not in text
    remove_source(folder, {}, added.url)
    assert "bob" not in (folder / "feeds.yaml").read_text()


def test_a_list_of_somebody_else_cannot_read_this_environment() -> None:
    with pytest.raises(UsageError, match="is read in feeds"):
        make_source({"url": "https://evil.example/?x=${HOME}"})
