"""Secrets in addresses: what is hidden, and what has to stay readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.text.redact import (
    list_secret_values,
    make_public_url,
    parse_userinfo,
    redact_text,
    redact_url,
    redact_values,
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://desk.example/feed.xml", "https://desk.example/feed.xml"),
        ("https://ann:s3same@desk.example/feed", "https://***@desk.example/feed"),
        ("https://apikey9@desk.example/feed", "https://***@desk.example/feed"),
        ("https://ann:a@b@desk.example:8443/feed", "https://***@desk.example:8443/feed"),
        ("http://ann:pa%3Ass@[::1]:81/feed", "http://***@[::1]:81/feed"),
        ("https://ann:pa/ss@desk.example/feed", "https://***@desk.example/feed"),
        ("ann:s3same@desk.example/feed", "***@desk.example/feed"),
        ("https://medium.example/@ann/feed", "https://medium.example/@ann/feed"),
        ("postgresql://ann:s3same@db.example/news", "postgresql://***@db.example/news"),
        ("socks5://ann:s3same@proxy.example:1080", "socks5://***@proxy.example:1080"),
        ("https://d.example/f?token=abc", "https://d.example/f?token=***"),
        ("https://d.example/f?a=1&API_KEY=abc&b=2", "https://d.example/f?a=1&API_KEY=***&b=2"),
        ("https://d.example/f?a=1&amp;sig=abc&amp;b=2", "https://d.example/f?a=1&amp;sig=***&amp;b=2"),
        ("https://d.example/f?feed_token=abc;x=1", "https://d.example/f?feed_token=***;x=1"),
        ("https://d.example/f?X-Amz-Signature=abc%3D", "https://d.example/f?X-Amz-Signature=***"),
        ("https://d.example/f#access_token=abc", "https://d.example/f#access_token=***"),
        ("https://d.example/f?auth=a=b==", "https://d.example/f?auth=***"),
        ("https://d.example/f?token=${TOKEN}", "https://d.example/f?token=${TOKEN}"),
        ("https://d.example/f?monkey=1&author=ann&signed=yes", "https://d.example/f?monkey=1&author=ann&signed=yes"),
        ("https://d.example/token=abc/f", "https://d.example/token=abc/f"),
        ("https://d.example/f?token=", "https://d.example/f?token="),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_url(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "503 for https://ann:s3same@desk.example/feed, redirected to (https://cdn.example/f?sig=9f)",
            "503 for https://***@desk.example/feed, redirected to (https://cdn.example/f?sig=***",
        ),
        ("no feed 'https://ann:s3same@desk.example/feed'", "no feed 'https://***@desk.example/feed'"),
        ("mail to ann@desk.example about token=7", "mail to ann@desk.example about token=7"),
    ],
)
def test_addresses_inside_a_text_are_redacted(text: str, shown: str) -> None:
    assert redact_text(text).startswith(shown)
    assert "s3same" not in redact_text(text)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://ann:s3same@desk.example/feed?a=1", "https://desk.example/feed?a=1"),
        ("https://${USER}:${PASS}@desk.example/feed", "https://desk.example/feed"),
        ("https://desk.example/${FOLDER}/feed?k=${KEY}", "https://desk.example/${FOLDER}/feed?k=${KEY}"),
        ("${ADDRESS}", "${ADDRESS}"),
    ],
)
def test_a_feed_is_known_by_its_address_without_login_and_with_the_names_of_what_is_filled_in(
    url: str, public: str
) -> None:
    assert make_public_url(url) == public


def test_a_login_is_read_as_it_is_meant() -> None:
    assert parse_userinfo("https://ann%40desk:pa%3Ass@desk.example/") == ("ann@desk", "pa:ss")
    assert parse_userinfo("https://desk.example/@ann") is None
    assert set(list_secret_values("https://ann:pa%3Ass@desk.example/?token=x%20y")) == {
        "pa%3Ass",
        "pa:ss",
        "x%20y",
        "x y",
    }


def test_a_known_secret_is_taken_out_of_a_message_however_it_is_encoded() -> None:
    message = "login 'p&ss wörd' was refused at /login?p=p%26ss%20w%C3%B6rd and p%26ss+w%C3%B6rd; abc"

    shown = redact_values(message, ["p&ss wörd", "abc"])

    assert shown == "login '***' was refused at /login?p=*** and ***; abc"


@given(st.from_regex(r"[A-Za-z0-9._~!$&'()*+,;=:%-]{1,30}", fullmatch=True), st.sampled_from(["http", "https"]))
def test_no_login_survives(login: str, scheme: str) -> None:
    shown = redact_url(f"{scheme}://{login}@desk.example/feed")

    assert shown == f"{scheme}://***@desk.example/feed"
