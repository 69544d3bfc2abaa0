"""Which proxies are in force: the configuration rules, else the environment does."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.app.bootstrap import fetch_policy
from watcher.errors import ConfigError
from watcher.fetch import FetchPolicy
from watcher.settings import load

PROXY = "http://desk:s3cret@proxy.example:3128"


def policy(tmp_path: Path, fetch: str = "", **environ: str) -> FetchPolicy:
    (tmp_path / "watcher.yaml").write_text(f"fetch: {{{fetch}}}\n")
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    (tmp_path / "topics.yaml").write_text("topics: []\n")
    return fetch_policy(load(tmp_path, environ))


@pytest.mark.parametrize("address", [PROXY, "socks5://127.0.0.1:9050", "socks5h://tor.example", "none"])
def test_configured_proxy_rules(tmp_path: Path, address: str) -> None:
    proxies = policy(
        tmp_path, f'proxy: "{address}"', HTTPS_PROXY="http://other.example", ALL_PROXY="http://other.example"
    )

    assert (proxies.proxy, proxies.plain_proxy, proxies.no_proxy) == (address, None, ())


@pytest.mark.parametrize("fetch", ["", "proxy: environment"])
@pytest.mark.parametrize(
    ("environ", "secure", "plain"),
    [
        ({"HTTPS_PROXY": "http://a.example", "http_proxy": "http://b.example"}, "http://a.example", "http://b.example"),
        ({"https_proxy": "http://a.example", "HTTPS_PROXY": "http://b.example"}, "http://a.example", "none"),
        ({"ALL_PROXY": "socks5h://a.example"}, "socks5h://a.example", "socks5h://a.example"),
        ({"HTTP_PROXY": "a.example:3128"}, "none", "a.example:3128"),
    ],
)
def test_proxy_of_the_environment(tmp_path: Path, fetch: str, environ: dict[str, str], secure: str, plain: str) -> None:
    proxies = policy(tmp_path, fetch, NO_PROXY="intra.example, 10.0.0.0/8", **environ)

    assert (proxies.proxy, proxies.plain_proxy) == (secure, plain)
    assert proxies.no_proxy[:2] == ("intra.example", "10.0.0.0/8")
    assert "127.0.0.0/8" in proxies.no_proxy


def test_without_a_word_of_proxies_there_is_none(tmp_path: Path) -> None:
    proxies = policy(tmp_path, NO_PROXY="*")

    assert (proxies.proxy, proxies.plain_proxy) == (None, None)


@pytest.mark.parametrize(
    ("fetch", "without"), [("", ("intra.example",)), (", no_proxy: [a.example, b.example]", ("a.example", "b.example"))]
)
def test_what_is_asked_for_directly(tmp_path: Path, fetch: str, without: tuple[str, ...]) -> None:
    assert policy(tmp_path, f'proxy: "{PROXY}"{fetch}', no_proxy="intra.example").no_proxy == without


def test_proxy_may_come_from_a_variable_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "proxy").write_text(f"{PROXY}\n")

    assert policy(tmp_path, 'proxy: "${DESK_PROXY}"', DESK_PROXY=PROXY).proxy == PROXY
    assert policy(tmp_path, WATCHER_FETCH__PROXY=PROXY).proxy == PROXY
    assert policy(tmp_path, "proxy_file: proxy").proxy == PROXY


@pytest.mark.parametrize(
    ("fetch", "environ"),
    [
        ('proxy: "ftp://u:s3cret@proxy.example"', {}),
        ('proxy: "http://u:s3cret@proxy.example:port"', {}),
        ("", {"HTTPS_PROXY": "gopher://u:s3cret@proxy.example"}),
        ("", {"all_proxy": "https://u:s3cret@proxy.example"}),
    ],
)
def test_what_is_no_proxy_is_a_fault_that_shows_no_secret(tmp_path: Path, fetch: str, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        policy(tmp_path, fetch, **environ)

    assert "proxy" in str(caught.value)
    assert "s3cret" not in str(caught.value)
