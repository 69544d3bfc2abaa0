"""Logins that another service vouches for: a proxy's header, and an issuer of OpenID Connect, run for real."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.people.office import ADA, PASSWORD, RAY, bearer, find_form_token, log_in, make_token, opened, staffed
from tests.plain_http import NO_AUTHORITIES
from tests.web.site import World, world
from tests.web_server import Reply, Server
from watcher.app.people.accounts import add_person, disable_person
from watcher.errors import ConfigError
from watcher.model.person import SHELL, Role
from watcher.settings import load

ACCOUNT = "/api/v1/account"
BEHIND = "login: {header: X-Remote-User}, trusted_proxies: [127.0.0.1]"


def find_who(client: httpx.Client, **headers: str) -> str | int:
    """Return as whom a request is answered, or the status of the refusal."""
    answer = client.get(ACCOUNT, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return f"{answer.json()['name']}, {answer.json()['role']}" if answer.status_code == 200 else answer.status_code


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[World]:
    with staffed(tmp_path / "config", BEHIND) as made:
        yield made


def test_the_trusted_proxy_says_who_it_is(behind: World) -> None:
    with behind.client() as client:
        assert find_who(client, x_remote_user="ada ostrov") == "Ada Ostrov, admin"
        assert find_who(client, x_remote_user="Noor") == "Noor, reader"
        assert find_who(client) == 401
        with behind.app.database.write() as db:
            disable_person(db, "Noor", SHELL, behind.clock())
        behind.site.gate.people.forget()
        assert find_who(client, x_remote_user="Noor") == 403


@pytest.mark.parametrize("name", ["", "desk", "a:b", "x" * 101, "\xad"])
def test_a_proxy_that_names_nobody_lets_nobody_in(behind: World, name: str) -> None:
    with behind.client() as client:
        answer = client.get(ACCOUNT, headers={"x-remote-user": name.encode()})

        assert answer.status_code in {401, 403}


def test_two_names_are_none(behind: World) -> None:
    with behind.client() as client:
        headers = [("x-remote-user", "Ada Ostrov"), ("X-Remote-User", "Ray Moss")]

        assert client.get(ACCOUNT, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "web",
    [
        pytest.param("login: {header: X-Remote-User}, trusted_proxies: [10.0.0.0/8]", id="another proxy"),
        pytest.param("trusted_proxies: [127.0.0.1]", id="no header is configured"),
        pytest.param("login: {header: X-Other}, trusted_proxies: [127.0.0.1]", id="another header"),
    ],
)
def test_the_header_of_anybody_else_is_ignored(tmp_path: Path, web: str) -> None:
    with staffed(tmp_path / "config", web) as made, made.client() as client:
        assert find_who(client, x_remote_user="Ada Ostrov") == 401
        # Not even by saying that a trusted proxy forwarded it.
        assert find_who(client, x_remote_user="Ada Ostrov", x_forwarded_for="10.0.0.1") == 401
        log_in(client, RAY.name)
        assert find_who(client, x_remote_user="Ada Ostrov") == "Ray Moss, reader"


def test_a_proxys_header_excuses_no_form_token(behind: World) -> None:
    with behind.client() as client:
        client.headers["x-remote-user"] = ADA.name
        fields = {"name": "Zoe", "role": "admin"}
        assert client.post("/people/add", data=fields).status_code == 403
        token = find_form_token(client.get("/people"))
        headers = {"origin": "https://evil.example"}
        assert client.post("/people/add", data=fields | {"csrf": token}, headers=headers).status_code == 403
        assert client.post("/people/add", data=fields | {"csrf": token}).status_code == 303


def test_who_the_proxy_names_first_can_be_kept_out(tmp_path: Path) -> None:
    web = BEHIND.replace("X-Remote-User", "X-Remote-User, first_role: none")
    with staffed(tmp_path / "config", web) as made, made.client() as client:
        assert find_who(client, x_remote_user="Noor") == 403
        with made.app.database.write() as db:
            add_person(db, "Noor", Role.EDITOR, None, SHELL, made.clock())
        made.site.gate.people.forget()
        assert find_who(client, x_remote_user="Noor") == "Noor, editor"


@contextmanager
def issuing(*people: dict[str, Any]) -> Iterator[str]:
    """Run an issuer of OpenID Connect in a process of its own; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port), "--require-nonce", "true"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=20) as client:
                for _wait in range(400):
                    try:
                        client.get(address + "/jwks")
                        break
                    except httpx.HTTPError:
                        time.sleep(0.05)
                for person in people:
                    claims = {name: value for name, value in person.items() if name != "sub"}
                    client.put(f"{address}/users/{person['sub']}", json=claims).raise_for_status()
            yield address
        finally:
            process.terminate()
            process.wait(20)


NOOR = {"sub": "17", "preferred_username": "Noor Haas", "groups": ["staff", "desk-editors"]}
TIMO = {"sub": "18", "preferred_username": "Timo Berg", "groups": ["staff"]}
NAMED_ADA = {"sub": "19", "preferred_username": "Ada Ostrov", "groups": []}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with issuing(NOOR, TIMO, NAMED_ADA) as address:
        yield address


@contextmanager
def trusting(folder: Path, issuer: str, more: str = "") -> Iterator[tuple[World, str]]:
    """Serve a page that trusts an issuer; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    oidc = f"issuer: '{issuer}', client_id: watcher, client_secret: hush-hush-hush"
    roles = "role_claim: groups, roles: {desk-editors: editor, desk-admins: admin}"
    with staffed(folder, f"base_url: '{base}', oidc: {{{oidc}, {roles}{more}}}") as made:
        made.clock.now = datetime.now(UTC)
        with made.served() as address:
            # The issuer sends the browser to the base address, which a proxy would lead here.
            yield made, address


def go_to_issuer(client: httpx.Client, next_path: str = "/hits") -> str:
    answer = client.get("/login/oidc", params={"next": next_path})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def agree(location: str, subject: str) -> str:
    """Log in at the issuer; returns where it sends the browser, without the host."""
    with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=20) as browser:
        answer = browser.post(location, data={"sub": subject})
        assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}"


def test_people_log_in_at_the_issuer_with_the_role_of_their_groups(tmp_path: Path, issuer: str) -> None:
    with trusting(tmp_path / "config", issuer) as (made, address):
        for person, expected in ((NOOR, "Noor Haas, editor"), (TIMO, "Timo Berg, reader")):
            with opened(address) as client:
                assert "/login/oidc" in client.get("/login").text
                location = go_to_issuer(client, "/stories")
                sent = parse_qs(urlsplit(location).query)
                assert sent["code_challenge_method"] == ["S256"]
                assert {"state", "nonce", "code_challenge", "redirect_uri"} <= set(sent)

                answer = client.get(agree(location, str(person["sub"])))

                assert (answer.status_code, answer.headers["location"]) == (303, "/stories")
                assert find_who(client) == expected
        # The same person again, and not a second one of that name.
        with opened(address) as client:
            client.get(agree(go_to_issuer(client), "17"))
            assert find_who(client) == "Noor Haas, editor"
            people = client.get("/api/v1/people", headers=bearer(make_token(made, ADA))).json()["people"]
    assert [account["login"] for account in people if account["name"] == "Noor Haas"] == ["oidc"]


def test_an_issuer_opens_no_account_that_has_a_password(tmp_path: Path, issuer: str) -> None:
    with trusting(tmp_path / "config", issuer) as (_made, address), opened(address) as client:
        answer = client.get(agree(go_to_issuer(client), "19"))

        assert answer.status_code == 403
        assert "logs in another way" in answer.text
        assert find_who(client) == 401


def test_who_has_left_or_has_no_role_stays_out(tmp_path: Path, issuer: str) -> None:
    with trusting(tmp_path / "config", issuer, ", first_role: none") as (made, address), opened(address) as client:
        assert client.get(agree(go_to_issuer(client), "18")).status_code == 403
        client.get(agree(go_to_issuer(client), "17"))
        assert find_who(client) == "Noor Haas, editor"
        with made.app.database.write() as db:
            disable_person(db, "Noor Haas", SHELL, made.clock())
        made.site.gate.people.forget()

        assert find_who(client) == 401
        assert client.get(agree(go_to_issuer(client), "17")).status_code == 403


def test_a_login_ends_in_the_browser_in_which_it_began_and_once(tmp_path: Path, issuer: str) -> None:
    with trusting(tmp_path / "config", issuer) as (made, address), opened(address) as client:
        callback = agree(go_to_issuer(client), "17")
        with opened(address) as victim:
            victim.get("/login")
            assert victim.get(callback).status_code == 403
            assert find_who(victim) == 401
        for changed in ("/login/oidc/callback", callback.replace("state=", "state=x"), callback + "x"):
            assert client.get(changed).status_code == 403
        assert client.get(callback).status_code == 303
        assert client.get(callback).status_code == 403

        late = agree(go_to_issuer(client), "17")
        made.clock.move(minutes=11)
        assert client.get(late).status_code == 403


def test_a_login_leads_to_no_other_site(tmp_path: Path, issuer: str) -> None:
    with trusting(tmp_path / "config", issuer) as (_made, address), opened(address) as client:
        answer = client.get(agree(go_to_issuer(client, "//evil.example"), "17"))

        assert answer.headers["location"] == "/"


def test_an_issuer_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with trusting(tmp_path / "config", nobody) as (_made, address), opened(address) as client:
        answer = client.get("/login/oidc")

        assert answer.status_code == 502
        assert "cannot be reached" in answer.text
        assert log_in(client, RAY.name, PASSWORD).status_code == 303


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b" " * 2_000_000 + b"{}", headers={"Content-Type": "application/json"}),
        Reply(gzip.compress(b" " * 5_000_000 + b"{}"), headers={"Content-Encoding": "gzip"}),
    ],
    ids=["large", "compressed"],
)
def test_an_answer_of_the_issuer_is_read_up_to_a_bound(tmp_path: Path, reply: Reply) -> None:
    with Server() as server:
        server.pages["/.well-known/openid-configuration"] = reply
        with trusting(tmp_path / "config", server.url) as (_made, address), opened(address) as client:
            answer = client.get("/login/oidc")

    assert answer.status_code == 502
    assert "cannot be reached" in answer.text


def test_an_issuer_of_another_name_is_refused(tmp_path: Path, issuer: str) -> None:
    other = issuer.replace("127.0.0.1", "localhost")
    with trusting(tmp_path / "config", issuer + "/") as (_made, address), opened(address) as client:
        assert client.get("/login/oidc").status_code == 502
    assert other != issuer


@pytest.mark.parametrize(
    ("web", "line", "column", "reason"),
    [
        ("  login: {header: X-Remote-User}", 2, 19, "needs `web.trusted_proxies`"),
        ("  trusted_proxies: [10.0.0.1]\n  login: {header: Cookie}", 3, 19, "a header of its own"),
        ("  login: {first_role: owner}", 2, 23, "reader"),
        ("  oidc: {issuer: 'https://id.example', client_id: w}", 2, 9, "needs `web.base_url`"),
        ("  base_url: https://w.example\n  oidc: {issuer: 'http://id.example', client_id: w}", 3, 18, "https"),
        ("  base_url: https://w.example\n  oidc: {issuer: 'https://id.example'}", 3, 9, "client_id"),
    ],
)
def test_a_fault_has_its_place(tmp_path: Path, web: str, line: int, column: int, reason: str) -> None:
    (tmp_path / "watcher.yaml").write_text(f"web:\n{web}\n")
    for name in ("topics", "feeds"):
        (tmp_path / f"{name}.yaml").write_text(f"{name}: []\n")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})

    [fault] = caught.value.faults
    assert (fault.line, fault.column) == (line, column), fault
    assert reason in fault.message


def test_an_issuers_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    for name in ("topics", "feeds"):
        (tmp_path / f"{name}.yaml").write_text(f"{name}: []\n")
    (tmp_path / "hush").write_text("from-a-file\n")
    secrets = []
    for written in ("client_secret: '${HUSH}'", "client_secret_file: hush"):
        oidc = f"oidc: {{issuer: 'https://id.example', client_id: w, {written}}}"
        (tmp_path / "watcher.yaml").write_text(f"web:\n  base_url: https://w.example\n  {oidc}\n")
        web = load(tmp_path, {"HUSH": "from-the-environment"}).web
        assert web.oidc is not None
        assert web.oidc.client_secret is not None
        secrets.append(web.oidc.client_secret.get_secret_value())

    assert secrets == ["from-the-environment", "from-a-file"]


def test_a_login_can_be_asked_for_without_a_password_in_the_configuration(tmp_path: Path) -> None:
    with world(tmp_path / "config", web="host: 0.0.0.0, login: {required: true}") as made, made.client() as client:
        assert not made.app.settings.exposed
        assert find_who(client) == 401
        assert client.get("/healthz").text == "ok\n"
