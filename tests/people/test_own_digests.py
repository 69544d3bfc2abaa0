"""Digests of one's own: a reader subscribes, changes no other's, gets it alone, and no more after leaving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.people.office import ADA, EDA, RAY, bearer, logged_in, make_token, opened, staffed, submit
from tests.web.site import World
from watcher.app.people.accounts import disable_person, enable_person
from watcher.cli.main import run
from watcher.model.person import SHELL

MAIL = {
    "kind": "email",
    "host": "127.0.0.1",
    "port": 9,
    "security": "none",
    "sender": "w@desk.example",
    "to": ["all@desk.example"],
}
MINE = {"schedule": "weekdays at 6:30", "timezone": "Europe/Riga", "topics": ["eyes"], "to": "ray@home.example"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    with staffed(tmp_path / "config") as made:
        written = yaml.safe_load((made.folder / "watcher.yaml").read_text("utf-8"))
        written.setdefault("channels", {})["post"] = MAIL
        (made.folder / "watcher.yaml").write_text(yaml.safe_dump(written, sort_keys=False), "utf-8")
        made.app.reload()
        yield made


def read_digests(office: World) -> list[dict[str, object]]:
    return list(yaml.safe_load((office.folder / "watcher.yaml").read_text("utf-8")).get("digests") or [])


def test_a_reader_subscribes_changes_and_ends_a_digest_through_the_api(office: World) -> None:
    with office.served() as address, opened(address) as client:
        client.headers.update(bearer(make_token(office, RAY)))
        made = client.post("/api/v1/account/digests", json=MINE)
        name = made.json()["name"]
        where = f"/api/v1/account/digests/{name}"
        changed = client.patch(
            where, json={"topics": None, "to": "ray@work.example"}, headers={"If-Match": made.headers["etag"]}
        )
        late = client.patch(where, json={"paused": True}, headers={"If-Match": made.headers["etag"]})
        listed = client.get("/api/v1/account/digests").json()["digests"]
        stored = [digest for digest in read_digests(office) if digest.get("owner")]
        ended = client.delete(where, headers={"If-Match": changed.headers["etag"]})
        left = client.get("/api/v1/account/digests").json()["digests"]

    assert (made.status_code, changed.status_code, late.status_code, ended.status_code) == (201, 200, 412, 204)
    assert (made.json()["owner"], made.json()["to"], made.json()["channels"]) == (
        RAY.name,
        ["ray@home.example"],
        ["post"],
    )
    assert [digest["to"] for digest in listed] == [["ray@work.example"]]
    assert [(digest["owner"], digest["timezone"], digest["to"]) for digest in stored] == [
        (RAY.name, "Europe/Riga", ["ray@work.example"])
    ]
    assert left == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"to": "no address"}, "no mail address"),
        ({"to": "a@b.example,c@d.example"}, "no mail address"),
        ({"schedule": "now and then"}, "schedule"),
        ({"topics": ["unheard-of"]}, "unheard-of"),
        ({"channel": "files"}, "no e-mail channel"),
    ],
)
def test_what_cannot_be_a_digest_is_refused_with_the_reason(
    office: World, change: dict[str, object], reason: str
) -> None:
    with office.served() as address, opened(address) as client:
        client.headers.update(bearer(make_token(office, RAY)))
        answer = client.post("/api/v1/account/digests", json={**MINE, **change})

    assert answer.status_code in (400, 422)
    assert reason in answer.text
    assert [digest for digest in read_digests(office) if digest.get("owner")] == []


def test_nobody_but_an_editor_changes_somebody_elses_digest(office: World) -> None:
    with office.served() as address, opened(address) as ray, opened(address) as eda:
        ray.headers.update(bearer(make_token(office, RAY)))
        eda.headers.update(bearer(make_token(office, EDA)))
        of_eda = eda.post("/api/v1/account/digests", json=MINE).json()
        of_desk = read_digests(office)[0]["name"]
        answers = [
            send(f"/api/v1/account/digests/{name}", **body).status_code
            for name in (of_eda["name"], of_desk)
            for send, body in (
                (ray.get, {}),
                (ray.patch, {"json": {"paused": True}, "headers": {"If-Match": "*"}}),
                (ray.delete, {"headers": {"If-Match": "*"}}),
            )
        ]
        by_name = ray.patch(f"/api/v1/digests/{of_eda['name']}", json={"paused": True}, headers={"If-Match": "*"})
        stolen = ray.post("/api/v1/account/digests", json={**MINE, "owner": EDA.name})
        by_editor = eda.patch(f"/api/v1/digests/{of_eda['name']}", json={"paused": True}, headers={"If-Match": "*"})

    assert answers == [404] * 6
    assert (by_name.status_code, by_editor.status_code) == (403, 200)
    assert stolen.status_code in (400, 422)
    assert [digest["name"] for digest in read_digests(office) if digest.get("owner")] == [of_eda["name"]]


def test_a_reader_subscribes_on_the_page(office: World) -> None:
    with office.served() as address, logged_in(address, RAY) as ray, logged_in(address, EDA) as eda:
        form = ray.get("/account/digests/new")
        checked = submit(
            ray,
            "/account/digests/new",
            "/account/digests/new",
            to="ray@home.example",
            schedule="mondays at 9am",
            do="check",
        )
        wrong = submit(ray, "/account/digests/new", "/account/digests/new", to="nowhere", schedule="mondays at 9am")
        saved = submit(
            ray, "/account/digests/new", "/account/digests/new", to="ray@home.example", schedule="mondays at 9am",
            timezone="Asia/Tokyo", topic="eyes",
        )  # fmt: skip
        shown = ray.get(saved.headers["location"]).text
        [mine] = [digest for digest in read_digests(office) if digest.get("owner")]
        not_hers = submit(eda, "/account/digests/act", "/account", name=str(mine["name"]), do="end")
        paused = submit(ray, "/account/digests/act", "/account", name=str(mine["name"]), do="pause")
        ended = submit(ray, "/account/digests/act", "/account", name=str(mine["name"]), do="end")

    assert (form.status_code, checked.status_code, wrong.status_code, saved.status_code) == (200, 200, 400, 303)
    assert "Next: " in checked.text
    assert "is no mail address" in wrong.text
    assert (mine["owner"], mine["topics"], mine["to"], mine["timezone"]) == (
        RAY.name,
        ["eyes"],
        ["ray@home.example"],
        "Asia/Tokyo",
    )
    assert "ray@home.example" in shown
    assert not_hers.status_code == 404
    assert (paused.status_code, ended.status_code) == (303, 303)
    assert [digest for digest in read_digests(office) if digest.get("owner")] == []


def test_a_digest_stops_with_its_owner_and_goes_on_when_the_owner_is_back(
    office: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHER_STATE", str(office.folder / "var"))
    with office.served() as address, opened(address) as ray, opened(address) as ada:
        ray.headers.update(bearer(make_token(office, RAY)))
        ada.headers.update(bearer(make_token(office, ADA)))
        name = ray.post("/api/v1/account/digests", json=MINE).json()["name"]
        with office.app.database.write() as db:
            disable_person(db, RAY.name, SHELL, office.clock())
        left = {digest["name"]: digest for digest in ada.get("/api/v1/digests").json()["digests"]}[name]
        status = {digest["name"]: digest for digest in ada.get("/api/v1/status").json()["digests"]}[name]
        pages = [ada.get(path).text for path in ("/digests", "/overview")]
        capsys.readouterr()
        codes = [run(["--config", str(office.folder), *words]) for words in (["digest", "list"], ["status"])]
        printed = capsys.readouterr().out
        sent = ada.post(f"/api/v1/digests/{name}/send")
        with office.app.database.write() as db:
            enable_person(db, RAY.name, SHELL, office.clock())
        back = {digest["name"]: digest for digest in ada.get("/api/v1/digests").json()["digests"]}[name]

    assert (left["owner"], left["stopped"], left["next_at"]) == (RAY.name, True, None)
    assert status == left
    assert ["stopped: owner left" in page for page in pages] == [True, True]
    assert codes == [0, 0]
    assert [line.split()[0] for line in printed.splitlines() if "stopped: owner left" in line] == [name, "Digest"]
    assert f"Digest    {name}: none yet, stopped: owner left ({RAY.name})" in printed
    assert (sent.status_code, RAY.name in sent.text) == (400, True)
    assert (back["stopped"], back["next_at"] is not None) == (False, True)
