"""Named people log in, and what ends a login: a log-out, a new password, leaving, an admin."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tests.people.office import ADA, EDA, PASSWORD, RAY, bearer, log_in, logged_in, make_token, opened, staffed, submit
from tests.web.site import World, world
from tests.web.test_gate import LOCKED
from tests.web.test_gate import PASSWORD as DESKS_PASSWORD
from tests.web.test_gate import TOKEN as DESKS_TOKEN
from watcher.app.people.accounts import add_person, change_role, disable_person
from watcher.model.person import SHELL, Role
from watcher.store.tables import api_tokens, people, sessions
from watcher.web.auth.throttle import FREE_TRIES

ACCOUNT = "/api/v1/account"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    with staffed(tmp_path / "config", LOCKED.replace(", base_url: 'https://news.example.org'", "")) as made:
        yield made


def find_name(client: httpx.Client) -> str | None:
    """Return as whom a client is known, None where it has to log in."""
    answer = client.get(ACCOUNT)
    return answer.json()["name"] if answer.status_code == 200 else None


@pytest.mark.parametrize("typed", ["Ray Moss", "ray moss", "  RAY   MOSS ", "Ｒay Moss"])
def test_a_person_logs_in_however_the_name_is_typed(office: World, typed: str) -> None:
    with office.client() as client:
        assert log_in(client, typed).status_code == 303
        assert client.get(ACCOUNT).json() == {"name": "Ray Moss", "role": "reader"}


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("Ray Moss", "grey heron at the wear", id="a wrong password"),
        pytest.param("Ray Mossy", PASSWORD, id="an unknown name"),
        pytest.param("", PASSWORD, id="no name"),
        pytest.param("", DESKS_PASSWORD, id="the one password, once there is an admin"),
        pytest.param("desk", DESKS_PASSWORD, id="the one password by name, once there is an admin"),
        pytest.param("Ray Moss", "", id="no password"),
    ],
)
def test_others_are_told_nothing_but_that_it_is_wrong(office: World, name: str, password: str) -> None:
    with office.client() as client:
        answer = log_in(client, name, password)

        assert answer.status_code == 403
        assert "Wrong name or password." in answer.text
        assert find_name(client) is None


def test_the_one_password_is_the_desks_until_there_is_an_admin(tmp_path: Path) -> None:
    with world(tmp_path / "config", web=f"password: {DESKS_PASSWORD}") as made, made.client() as client:
        log_in(client, "", DESKS_PASSWORD)
        assert client.get(ACCOUNT).json() == {"name": "desk", "role": "admin"}

        submit(client, "/people/add", "/people", name="Ada", role="admin", password=PASSWORD)
        client.cookies.clear()

        assert log_in(client, "", DESKS_PASSWORD).status_code == 403
        assert log_in(client, "Ada").status_code == 303


def test_the_configured_token_stays_an_admins(office: World) -> None:
    with office.client() as client:
        assert client.get(ACCOUNT, headers=bearer(DESKS_TOKEN)).json() == {"name": "desk", "role": "admin"}


def test_a_program_sends_name_and_password(office: World) -> None:
    with office.client() as client:
        assert client.get(ACCOUNT, auth=("Eda Lind", PASSWORD)).json()["role"] == "editor"
        assert client.get(ACCOUNT, auth=("Eda Lind", PASSWORD + "x")).status_code == 401


def test_guesses_of_names_and_passwords_are_slowed_down(office: World) -> None:
    with office.client() as client:
        statuses = [log_in(client, f"somebody {number}", "wrong").status_code for number in range(FREE_TRIES + 1)]

        assert statuses == [403] * FREE_TRIES + [429]


def test_adding_the_first_person_closes_a_page_that_was_open(tmp_path: Path) -> None:
    with world(tmp_path / "config") as made, made.client() as client:
        assert client.get("/hits").status_code == 200

        submit(client, "/people/add", "/people", name="Ada", role="admin", password=PASSWORD)

        assert client.get("/hits", headers={"accept": "text/html"}).headers["location"].startswith("/login")


def test_the_first_person_has_to_be_an_admin(tmp_path: Path) -> None:
    with world(tmp_path / "config") as made, made.client() as client:
        answer = submit(client, "/people/add", "/people", name="Ray", role="reader", password=PASSWORD)

        assert answer.status_code == 400
        assert "no admin yet" in answer.text
        assert client.get("/hits").status_code == 200


def test_a_session_survives_a_restart_and_a_log_out_does_too(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    with staffed(folder) as made, made.client() as client:
        log_in(client, RAY.name)
        ended = dict(client.cookies)
        submit(client, "/logout")
        client.cookies.clear()
        log_in(client, EDA.name)
        kept = dict(client.cookies)

    with world(folder) as made, made.client() as client:
        made.clock.move(days=1)
        client.cookies.update(ended)
        assert find_name(client) is None
        client.cookies.clear()
        client.cookies.update(kept)
        assert find_name(client) == EDA.name


def test_no_cookie_can_be_made_of_what_the_database_has(office: World) -> None:
    with office.client() as client:
        log_in(client, RAY.name)
        cookie = client.cookies["watcher_session"]

    token = make_token(office, RAY)
    with office.app.database.read() as db:
        stored = str(db.execute(select(sessions)).all()) + str(db.execute(select(api_tokens)).all())
        hashes = db.execute(select(people.c.password_hash)).scalars().all()
    assert cookie.split(".")[0] not in stored
    assert token not in stored
    assert all(each and each.startswith("$argon2id$") for each in hashes)


def test_people_see_their_own_sessions_and_end_them(office: World) -> None:
    with office.served() as address, logged_in(address, RAY) as here, logged_in(address, RAY) as there:
        with logged_in(address, EDA) as other:
            listed = here.get("/api/v1/account/sessions").json()["sessions"]
            [elsewhere] = [session["id"] for session in listed if not session["current"]]

            assert other.delete(f"/api/v1/account/sessions/{elsewhere}").status_code == 404
            assert find_name(there) == RAY.name
            submit(here, "/account/sessions", session=elsewhere)

            assert find_name(there) is None
            assert (find_name(here), find_name(other)) == (RAY.name, EDA.name)


def test_a_list_of_sessions_says_when_and_from_where_each_was_last_seen(office: World) -> None:
    with office.served() as address, logged_in(address, RAY) as client:
        begun = client.get("/api/v1/account/sessions").json()["sessions"][0]
        office.clock.move(minutes=6)
        for _wait in range(200):
            client.get("/hits")
            seen = client.get("/api/v1/account/sessions").json()["sessions"][0]
            if seen["last_seen_at"] != begun["last_seen_at"]:
                break

    assert seen["last_seen_at"] > begun["last_seen_at"]
    assert seen["last_seen_from"] == "127.0.0.1"
    assert seen["agent"].startswith("python-httpx")


def test_a_new_password_ends_the_other_sessions_alone(office: World) -> None:
    with office.served() as address, logged_in(address, RAY) as here, logged_in(address, RAY) as there:
        answer = submit(
            here, "/account/password", current=PASSWORD, password="blue heron, two weirs",
            password_again="blue heron, two weirs",
        )  # fmt: skip

        assert answer.status_code == 303
        assert (find_name(here), find_name(there)) == (RAY.name, None)
        with opened(address) as client:
            assert log_in(client, RAY.name).status_code == 403
            assert log_in(client, RAY.name, "blue heron, two weirs").status_code == 303


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"current": "wrong"}, "The current password is wrong", id="without the old one"),
        pytest.param({"password_again": "another one"}, "not the same", id="mistyped"),
        pytest.param({"password": "short", "password_again": "short"}, "shorter than 8", id="short"),
    ],
)
def test_a_password_is_not_changed(office: World, fields: dict[str, str], reason: str) -> None:
    filled = {"current": PASSWORD, "password": "blue heron, two weirs", "password_again": "blue heron, two weirs"}
    with office.served() as address, logged_in(address, RAY) as client:
        answer = submit(client, "/account/password", **filled | fields)

        assert answer.status_code == 400
        assert reason in answer.text
        with opened(address) as other:
            assert log_in(other, RAY.name).status_code == 303


def test_who_leaves_is_out_at_once_and_keeps_the_name_on_what_was_done(office: World) -> None:
    token = make_token(office, EDA)
    with office.served() as address, logged_in(address, EDA) as eda, logged_in(address, ADA) as ada:
        assert eda.put("/api/v1/hits/1/label", json={"label": "relevant"}).status_code == 200

        submit(ada, "/people/act", "/people", name=EDA.name, do="disable")

        assert find_name(eda) is None
        with opened(address) as client:
            assert client.get(ACCOUNT, headers=bearer(token)).status_code == 401
            assert log_in(client, EDA.name).status_code == 403
        judged = ada.get("/api/v1/audit", params={"action": "hit judged"}).json()["entries"]
        assert [(entry["person"], entry["after"]) for entry in judged] == [(EDA.name, "relevant")]
        submit(ada, "/people/act", "/people", name=EDA.name, do="enable")
        with opened(address) as client:
            assert log_in(client, EDA.name).status_code == 303
            # What was revoked stays so.
            assert client.get(ACCOUNT, headers=bearer(token)).status_code == 401


def test_another_process_knows_of_it_within_seconds(office: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from watcher.web.auth import known_people

    monkeypatch.setattr(known_people, "KEPT_SECONDS", 0.2)
    with office.served() as address, logged_in(address, RAY) as client:
        assert find_name(client) == RAY.name
        # As the command does it, past the server.
        with office.app.database.write() as db:
            disable_person(db, RAY.name, SHELL, office.clock())

        for _wait in range(100):
            if (name := find_name(client)) is None:
                break
            time.sleep(0.05)
        assert name is None


def test_the_last_admin_stays_one(office: World) -> None:
    with office.served() as address, logged_in(address, ADA) as ada:
        for fields in ({"do": "disable"}, {"do": "role", "role": "reader"}):
            answer = submit(ada, "/people/act", "/people", name=ADA.name, **fields)
            assert answer.status_code == 400
            assert "the only admin" in answer.text

        with office.app.database.write() as db:
            add_person(db, "Ben", Role.ADMIN, None, SHELL, office.clock())
        assert submit(ada, "/people/act", "/people", name=ADA.name, do="disable").status_code == 303


def test_a_token_does_no_more_than_its_owner(office: World) -> None:
    token = make_token(office, EDA)
    with office.client() as client:
        assert client.get(ACCOUNT, headers=bearer(token)).json()["role"] == "editor"
        with office.app.database.write() as db:
            change_role(db, EDA.name, Role.READER, SHELL, office.clock())
        office.site.gate.people.forget()

        assert client.get(ACCOUNT, headers=bearer(token)).json()["role"] == "reader"
        wanted = {"label": "more", "role": "admin"}
        assert client.post("/api/v1/account/tokens", json=wanted, headers=bearer(token)).status_code == 400


def test_a_token_is_created_shown_once_and_revoked(office: World) -> None:
    with office.served() as address, logged_in(address, RAY) as ray, opened(address) as program:
        made = ray.post("/api/v1/account/tokens", json={"label": "a <script>", "role": "reader"}).json()
        headers = bearer(made["token"])
        assert program.get(ACCOUNT, headers=headers).json()["name"] == RAY.name
        page = ray.get("/account")
        assert made["token"] not in page.text
        assert "a &lt;script&gt;" in page.text

        with logged_in(address, EDA) as eda:
            assert submit(eda, "/account/tokens/revoke", token=str(made["id"])).status_code == 404
        submit(ray, "/account/tokens/revoke", token=str(made["id"]))

        assert program.get(ACCOUNT, headers=headers).status_code == 401
        assert ray.get("/api/v1/account/tokens").json() == {"tokens": []}


@pytest.mark.parametrize("label", ["Token made-up", "watcher_" + "x" * 43])
def test_a_token_that_nobody_has_is_refused(office: World, label: str) -> None:
    with office.client() as client:
        assert client.get(ACCOUNT, headers=bearer(label)).status_code == 401
