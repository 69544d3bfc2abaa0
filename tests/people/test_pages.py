"""The pages of people, account and audit: forms need their token, names are text, and every change is on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.people.office import ADA, EDA, PASSWORD, RAY, bearer, logged_in, make_token, opened, staffed, submit
from tests.web.site import World
from watcher.fetch import Fetcher, FetchPolicy

HOSTILE = "<img src=x onerror=alert(1)>"
FORMS = [
    ("/people/add", {"name": "Zoe", "role": "admin", "password": PASSWORD}),
    ("/people/act", {"name": RAY.name, "do": "role", "role": "admin"}),
    ("/people/act", {"name": RAY.name, "do": "password", "password": "another password"}),
    ("/people/act", {"name": RAY.name, "do": "disable"}),
    ("/people/act", {"name": RAY.name, "do": "sessions"}),
    ("/account/password", {"current": PASSWORD, "password": "another one!", "password_again": "another one!"}),
    ("/account/sessions", {}),
    ("/account/tokens", {"label": "stolen", "role": "admin"}),
    ("/account/tokens/revoke", {"token": "1"}),
    ("/logout", {}),
]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    with staffed(tmp_path / "config") as made:
        yield made


def read_state(address: str, token: str) -> str:
    """Return everything that these forms could change."""
    with opened(address) as client:
        client.headers.update(bearer(token))
        parts = [client.get(f"/api/v1/{path}").json() for path in ("people", "account/sessions", "account/tokens")]
    for row in parts[2]["tokens"]:
        row.pop("last_used_at")
    return str(parts)


@dataclass(frozen=True)
class Visited:
    """An office that a visitor has logged in to, with the form tokens of the visitor and of another one."""

    address: str
    token: str
    visitor: httpx.Client
    own: str
    stolen: str


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visited]:
    """One office for all forged forms: what one of them changes is missing or too much before the next."""
    with staffed(tmp_path_factory.mktemp("office") / "config") as made, made.served() as address:
        with logged_in(address, ADA) as ada, logged_in(address, RAY) as ray:
            own, stolen = (
                person.get("/account").text.split('name="csrf" value="')[1].split('"')[0] for person in (ada, ray)
            )
            yield Visited(address, make_token(made, ADA), ada, own, stolen)


@pytest.mark.parametrize(("path", "fields"), FORMS, ids=[f"{path} {fields.get('do', '')}" for path, fields in FORMS])
@pytest.mark.parametrize("forged", ["none", "another visitor's", "another site's"])
def test_a_forged_form_does_nothing(visited: Visited, path: str, fields: dict[str, str], forged: str) -> None:
    before = read_state(visited.address, visited.token)
    csrf = {"none": "", "another visitor's": visited.stolen, "another site's": visited.own}[forged]
    headers = {"origin": "https://evil.example"} if forged == "another site's" else {}

    answer = visited.visitor.post(path, data={**fields, "csrf": csrf}, headers=headers)

    assert answer.status_code == 403
    assert read_state(visited.address, visited.token) == before
    assert visited.visitor.get("/account").status_code == 200


def test_names_and_labels_are_text_wherever_they_are_shown(office: World) -> None:
    with office.served() as address, logged_in(address, ADA) as ada:
        submit(ada, "/people/add", "/people", name=HOSTILE, role="admin", password=PASSWORD)
        submit(ada, "/account/tokens", label=HOSTILE, role="reader")
        with opened(address) as other:
            other.headers["user-agent"] = HOSTILE
            page = other.get("/login")
            csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
            assert other.post("/login", data={"csrf": csrf, "name": HOSTILE, "password": PASSWORD}).status_code == 303
            shown = {path: other.get(path) for path in ("/account", "/people", "/audit", "/hits")}
            wrong = other.post("/login", data={"csrf": csrf, "name": HOSTILE, "password": "wrong"})
        refused = submit(ada, "/people/add", "/people", name=HOSTILE, role="reader")

    for path, answer in {**shown, "/login": wrong, "/people/add": refused}.items():
        assert "<img" not in answer.text, path
    assert "&lt;img" in shown["/people"].text
    assert "&lt;img" in shown["/audit"].text


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"), (" ", "is empty"), ("desk", "who logs in without a name"), ("DESK", "who logs in without"),
        ("a\u202eb", "cannot be seen"), ("a:b", "a colon"), ("x" * 101, "longer than 100"),
        ("ray moss", "already"), ("ｒａｙ moss", "already"),
    ],
)  # fmt: skip
def test_a_name_is_refused_with_its_reason(office: World, name: str, reason: str) -> None:
    with office.served() as address, logged_in(address, ADA) as ada:
        answer = submit(ada, "/people/add", "/people", name=name, role="reader", password=PASSWORD)

        assert answer.status_code == 400
        assert reason in answer.text


def test_the_audit_has_who_changed_what_with_the_edit_that_it_was(office: World) -> None:
    token = make_token(office, EDA)
    office.fetcher = Fetcher(FetchPolicy())
    with office.served() as address, logged_in(address, ADA) as ada, opened(address) as program:
        named = {"name": "The five"}
        headers = bearer(token) | {"if-match": "*"}
        assert program.patch("/api/v1/topics/eyes", json=named, headers=headers).status_code == 200
        program.put("/api/v1/hits/1/label", json={"label": "irrelevant"}, headers=bearer(token))
        submit(ada, "/people/act", "/people", name=RAY.name, do="role", role="editor")
        submit(ada, "/channels/test", "/people", name="files")
        submit(ada, "/digests/act", "/people", name="daily", do="send")
        entries = ada.get("/api/v1/audit", params={"limit": 200}).json()["entries"]
        number = ada.get("/api/v1/history").json()["versions"][0]["number"]

    by_action = {entry["action"]: entry for entry in entries}
    edit = by_action["configuration changed"]
    assert (edit["person"], edit["via"], edit["version"]) == (EDA.name, "api", number)
    judged = by_action["hit judged"]
    assert (judged["person"], judged["before"], judged["after"]) == (EDA.name, None, "irrelevant")
    role = by_action["role changed"]
    assert (role["person"], role["via"], role["object"]) == (ADA.name, "page", RAY.name)
    assert (role["before"], role["after"]) == ("reader", "editor")
    assert (by_action["channel tested"]["person"], by_action["channel tested"]["object"]) == (ADA.name, "files")
    assert (by_action["digest sent by hand"]["person"], by_action["digest sent by hand"]["object"]) == (
        ADA.name,
        "daily",
    )
    assert by_action["logged in"]["person"] == ADA.name
    assert by_action["token created"]["object"] == EDA.name
    assert PASSWORD not in str(entries)
    assert token not in str(entries)


def test_the_audit_is_narrowed_down_and_read_on(office: World) -> None:
    with office.served() as address, logged_in(address, ADA) as ada:
        for role in ("editor", "reader", "editor"):
            submit(ada, "/people/act", "/people", name=RAY.name, do="role", role=role)
        changed = {"action": "role changed", "person": ADA.name}
        first = ada.get("/api/v1/audit", params={**changed, "limit": "2"}).json()
        rest = ada.get("/api/v1/audit", params={**changed, "limit": "2", "cursor": first["next_cursor"]}).json()
        none = ada.get("/api/v1/audit", params={"person": EDA.name}).json()
        page = ada.get("/audit", params=changed)
        bad = ada.get("/audit", params={"since": "never"})

    assert [entry["after"] for entry in first["entries"] + rest["entries"]] == ["editor", "reader", "editor"]
    assert rest["next_cursor"] is None
    assert none["entries"] == []
    assert "role changed" in page.text
    assert "logged in:" not in page.text
    assert bad.status_code == 400


def test_a_judgement_keeps_its_author(office: World) -> None:
    from watcher.store.meaning.judgements import load_judgements

    with office.served() as address, logged_in(address, EDA) as eda:
        hit = eda.get("/api/v1/hits").json()["hits"][0]
        submit(eda, f"/hits/{hit['id']}/label", "/hits", label="relevant")

    with office.app.database.read() as db:
        assert [judgement.author for judgement in load_judgements(db, hit["topic"])] == [EDA.name]


def test_two_admins_at_once_leave_one(office: World) -> None:
    with office.served() as address, logged_in(address, ADA) as ada:
        made = ada.post("/api/v1/people", json={"name": "Ben", "role": "admin", "password": PASSWORD})
        assert made.status_code == 201
        first = ada.patch("/api/v1/people/Ben", json={"disabled": True})
        last = ada.patch("/api/v1/people/ada ostrov", json={"disabled": True})

        assert (first.status_code, last.status_code) == (200, 400)


@pytest.mark.parametrize(
    "body",
    [
        {"role": "owner"}, {"password": "short"}, {"password": "x" * 1025}, {"name": "Rae"}, {"disabled": "soon"},
    ],
    ids=str,
)  # fmt: skip
def test_the_api_refuses_what_makes_no_sense(office: World, body: dict[str, object]) -> None:
    with office.served() as address, logged_in(address, ADA) as ada:
        assert ada.patch(f"/api/v1/people/{RAY.name}", json=body).status_code == 422
        assert ada.patch("/api/v1/people/Nobody", json={"role": "reader"}).status_code == 404


def test_what_a_role_may_not_do_is_not_offered(office: World) -> None:
    def list_links(client: httpx.Client) -> str:
        return client.get("/hits").text

    with office.served() as address:
        with logged_in(address, RAY) as ray:
            assert "/settings" not in list_links(ray)
        with logged_in(address, ADA) as ada:
            assert 'href="/settings"' in list_links(ada)
