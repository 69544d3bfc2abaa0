"""Logins under attack: tokens, guesses from many sources, log-outs, and who is believed about a source."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from tests.plain_http import NO_AUTHORITIES
from tests.web.site import World, world
from tests.web.test_gate import LOCKED, PASSWORD, TOKEN, form_token, log_in
from watcher.app.bootstrap import open_app
from watcher.errors import ConfigError
from watcher.settings import load
from watcher.store.tables import sessions
from watcher.web.auth.sources import get_source
from watcher.web.auth.throttle import FREE_TRIES

WRONG = {"authorization": "Bearer wrong"}
RIGHT = {"authorization": f"Bearer {TOKEN}"}
STATUS = "/api/v1/status"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "config", web=LOCKED) as made:
        yield made


@contextmanager
def client_from(address: str, source: str) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(local_address=source, verify=NO_AUTHORITIES)
    with httpx.Client(
        base_url=address, transport=transport, trust_env=False, timeout=20, verify=NO_AUTHORITIES
    ) as client:
        yield client


def test_the_right_token_passes_whatever_came_before_it(locked: World) -> None:
    with locked.client() as client:
        statuses = [client.get(STATUS, headers=WRONG).status_code for _ in range(FREE_TRIES + 3)]

        assert statuses[-1] == 429
        assert client.get(STATUS, headers=RIGHT).status_code == 200


def test_guesses_from_everywhere_lock_out_nobody_else(locked: World) -> None:
    with locked.served() as address:
        for number in range(40):
            with client_from(address, f"127.9.{number}.1") as guesser:
                for _try in range(6):
                    guesser.get(STATUS, headers=WRONG)
        with client_from(address, "127.8.0.1") as client:
            assert client.get(STATUS, auth=("reader", PASSWORD)).status_code == 200
        with client_from(address, "127.8.0.2") as client:
            assert log_in(client).status_code == 303


def test_a_flood_of_passwords_lets_those_in_who_are_known(locked: World) -> None:
    over = threading.Event()
    with locked.served() as address, client_from(address, "127.8.0.1") as known:
        assert known.get(STATUS, auth=("reader", PASSWORD)).status_code == 200

        def guess(number: int) -> None:
            for source in range(1, 200):
                with client_from(address, f"127.9.{number}.{source}") as guesser:
                    while not over.is_set():
                        guesser.get(STATUS, auth=("reader", f"wrong-{number}-{source}"))
                        break
                if over.is_set():
                    return

        threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        try:
            statuses = [known.get(STATUS, auth=("reader", PASSWORD)).status_code for _ in range(5)]
            asked = time.monotonic()
            healthy = httpx.get(f"{address}/healthz", trust_env=False, verify=NO_AUTHORITIES).status_code
            took = time.monotonic() - asked
        finally:
            over.set()
            for thread in threads:
                thread.join()

    assert statuses == [200] * 5
    assert healthy == 200
    assert took < 2


@pytest.mark.parametrize(
    ("address_", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_an_ipv6_network_is_one_source(address_: str, other: str, same: bool) -> None:
    assert (get_source(address_) == get_source(other)) is same


def test_a_log_out_holds_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    with world(folder, web=LOCKED) as made, made.client() as client:
        log_in(client)
        gone = client.headers["cookie"]
        client.post("/logout", data={"csrf": form_token(client.get("/hits"))})
        log_in(client)
        kept = client.headers["cookie"]

    with world(folder, web=LOCKED) as made, made.client() as client:
        assert client.get("/hits", headers={"cookie": gone}).status_code == 303
        assert client.get("/hits", headers={"cookie": kept}).status_code == 200


def test_a_log_out_is_forgotten_once_its_session_would_have_expired(locked: World) -> None:
    with locked.client() as client:
        log_in(client)
        client.post("/logout", data={"csrf": form_token(client.get("/hits"))})
        locked.clock.move(days=31)
        log_in(client)
        client.post("/logout", data={"csrf": form_token(client.get("/hits"))})

    with locked.app.database.read() as db:
        assert db.execute(select(func.count()).select_from(sessions)).scalar_one() == 1


@pytest.mark.parametrize(
    ("token", "good"),
    [
        pytest.param("s3cret-token", False, id="short"),
        pytest.param("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", False, id="one letter"),
        pytest.param("1234567890123456789012", False, id="digits"),
        pytest.param("0123456789abcdef012345", False, id="hexadecimal, 88 bits"),
        pytest.param("0123456789abcdef0123456789abcdef", True, id="hexadecimal, 128 bits"),
        pytest.param("Zk3_r9Qw-xT1yB7uLmN0aP", True, id="22 of base64"),
    ],
)
def test_a_token_that_can_be_guessed_is_a_fault_at_its_place(tmp_path: Path, token: str, good: bool) -> None:
    (tmp_path / "watcher.yaml").write_text(f"web:\n  token: '{token}'\n")
    (tmp_path / "topics.yaml").write_text("topics: []\n")
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")

    if good:
        assert load(tmp_path, {}).web.token is not None
        return
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})
    [fault] = caught.value.faults
    assert (fault.line, fault.column) == (2, 10)
    assert "22 random characters" in fault.message
    assert token not in fault.message


def test_forwarded_headers_of_strangers_are_not_believed(locked: World) -> None:
    with locked.client() as client:
        statuses = [
            client.get(STATUS, headers=WRONG | {"x-forwarded-for": f"192.0.2.{n}", "forwarded": f"for=192.0.2.{n}"})
            for n in range(FREE_TRIES + 3)
        ]

    assert statuses[-1].status_code == 429


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "config", web=LOCKED + ", trusted_proxies: [127.0.0.1, 10.0.0.0/8]") as made:
        yield made


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x-forwarded-for": "198.51.100.{}, 192.0.2.7"}, id="what a visitor wrote before"),
        pytest.param({"x-forwarded-for": "198.51.100.{}, 192.0.2.7, 10.1.2.3"}, id="a chain of proxies"),
        pytest.param({"x-forwarded-for": "192.0.2.7:{}"}, id="with a port"),
        pytest.param({"forwarded": "for=198.51.100.{}, for=192.0.2.7;proto=https"}, id="RFC 7239"),
        pytest.param({"forwarded": 'for="[2001:db8::{}]:443"'}, id="addresses of one IPv6 network"),
        pytest.param({"x-forwarded-for": "192.0.2.7", "forwarded": "for=198.51.100.{}"}, id="two that differ"),
        pytest.param({"x-forwarded-for": "junk-{}"}, id="no address"),
        pytest.param({"x-forwarded-for": "198.51.100.{}, unknown"}, id="unknown"),
    ],
)
def test_one_visitor_behind_a_proxy_is_one_source(behind: World, headers: dict[str, str]) -> None:
    with behind.client() as client:
        for number in range(FREE_TRIES + 2):
            sent = {name: value.format(number) for name, value in headers.items()}
            answer = client.get(STATUS, headers=WRONG | sent)
        other = client.get(STATUS, headers=WRONG | {"x-forwarded-for": "203.0.113.99"})

    assert answer.status_code == 429
    assert other.status_code == 401


def test_host_and_scheme_are_those_that_the_proxy_was_asked_for(tmp_path: Path) -> None:
    with world(tmp_path / "config", web="trusted_proxies: 127.0.0.1") as made, made.client() as client:
        asked = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
        assert client.get(STATUS, headers=asked).status_code == 421
        atom = client.get("/topics/eyes.atom", headers=asked | {"x-forwarded-host": "localhost:8443"})

    assert "https://localhost:8443/topics/eyes.atom" in atom.text


@pytest.mark.parametrize(
    ("web", "line", "column"),
    [
        pytest.param("  host: 0.0.0.0", 2, 9, id="a host"),
        pytest.param("  port: 80\n  base_url: https://news.example.org/x", 3, 13, id="a base address"),
        pytest.param("  hosts: [localhost, news.example.org]", 2, 22, id="a name"),
        pytest.param("  host: 192.0.2.7\n  secret_key: sixteen-letters-x", 2, 9, id="a key is no login"),
    ],
)
def test_a_page_that_others_reach_needs_a_login(tmp_path: Path, web: str, line: int, column: int) -> None:
    from typer.testing import CliRunner

    from watcher.cli.main import app
    from watcher.web import require_login

    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "watcher.yaml").write_text(f"web:\n{web}\n")
    (folder / "topics.yaml").write_text("topics: []\n")
    (folder / "feeds.yaml").write_text("feeds: []\n")
    environ = {"WATCHER_STATE": str(tmp_path / "var")}

    checked = CliRunner().invoke(app, ["--config", str(folder), "check"], env=environ)
    opened = open_app(folder, environ)
    try:
        with pytest.raises(ConfigError) as caught:
            require_login(opened.settings)
    finally:
        opened.close()

    assert checked.exit_code == 2
    assert f"watcher.yaml:{line}:{column}: " in checked.stdout
    [fault] = caught.value.faults
    assert (fault.line, fault.column) == (line, column)
    require_login(load(folder, environ | {"WATCHER_WEB__PASSWORD": PASSWORD}))


@pytest.mark.parametrize("web", ["host: '::1'", "base_url: http://127.0.0.1:9/x", "hosts: [desk.localhost]"])
def test_a_page_on_loopback_needs_none(tmp_path: Path, web: str) -> None:
    with world(tmp_path / "config", web=web) as made:
        assert made.app.settings.exposed == ()
