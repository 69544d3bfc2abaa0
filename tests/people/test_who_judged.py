"""Who judged a hit stands beside it: on the page, in the API, and no longer once it is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.people.office import ADA, EDA, RAY, bearer, logged_in, make_token, opened, staffed
from tests.web.proposed import propose
from tests.web.site import World


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    with staffed(tmp_path / "config") as made:
        yield made


def test_who_judged_a_hit_stands_beside_it_for_everybody(office: World) -> None:
    with office.served() as address, opened(address) as eda, opened(address) as ada, logged_in(address, RAY) as ray:
        eda.headers.update(bearer(make_token(office, EDA)))
        ada.headers.update(bearer(make_token(office, ADA)))
        hit_id = eda.get("/api/v1/hits").json()["hits"][0]["id"]
        where = f"/api/v1/hits/{hit_id}"
        before = eda.get(where).json()
        eda.put(f"{where}/label", json={"label": "relevant"})
        by_eda = ada.get(where).json()
        shown = ray.get("/hits").text
        detail = ray.get(f"/hits/{hit_id}").text
        ada.put(f"{where}/label", json={"label": "irrelevant"})
        by_ada = ada.get(where).json()
        listed = {hit["id"]: hit["judged_by"] for hit in ada.get("/api/v1/hits").json()["hits"]}
        ada.put(f"{where}/label", json={"label": None})
        undone = ada.get(where).json()

    assert (before["label"], before["judged_by"]) == (None, None)
    assert (by_eda["label"], by_eda["judged_by"]) == ("relevant", EDA.name)
    assert (by_ada["label"], by_ada["judged_by"]) == ("irrelevant", ADA.name)
    assert [hit for hit in listed.values() if hit] == [ADA.name]
    assert f'relevant, says <span dir="auto">{EDA.name}</span>' in shown
    assert EDA.name in detail
    assert (undone["label"], undone["judged_by"]) == (None, None)


def test_who_judged_a_proposal_or_a_storys_hit_stands_beside_it(office: World) -> None:
    propose(office)
    with office.served() as address, opened(address) as eda, opened(address) as ada, logged_in(address, RAY) as ray:
        eda.headers.update(bearer(make_token(office, EDA)))
        ada.headers.update(bearer(make_token(office, ADA)))
        taken, refused = (proposal["id"] for proposal in eda.get("/api/v1/proposals").json()["proposals"])
        hit_id = ada.put(f"/api/v1/proposals/{taken}/label", json={"label": "relevant"}).json()["hit"]
        eda.put(f"/api/v1/proposals/{refused}/label", json={"label": "irrelevant"})
        listed = {
            proposal["id"]: proposal["judged_by"]
            for proposal in eda.get("/api/v1/proposals", params={"state": ["accepted", "rejected"]}).json()["proposals"]
        }
        hit = eda.get(f"/api/v1/hits/{hit_id}").json()
        for proposal in ada.get("/api/v1/hits").json()["hits"]:
            ada.put(f"/api/v1/hits/{proposal['id']}/label", json={"label": "relevant"})
        proposals, stories = ray.get("/proposals", params={"state": "rejected"}).text, ray.get("/stories").text
        eda.put(f"/api/v1/proposals/{refused}/label", json={"label": None})
        undone = eda.get(f"/api/v1/proposals/{refused}").json()

    assert listed == {taken: ADA.name, refused: EDA.name}
    assert hit["judged_by"] == ADA.name
    assert f'not relevant, says <span dir="auto">{EDA.name}</span>' in proposals
    assert f'relevant, says <span dir="auto">{ADA.name}</span>' in stories
    assert (undone["state"], undone["judged_by"]) == ("open", None)
