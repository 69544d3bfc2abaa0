"""What pages offer: no control that the visitor's role may not use, and help that leads to what explains the page."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
import yaml
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.people.office import ADA, EDA, PASSWORD, PEOPLE, RAY, bearer, log_in, make_token, opened, staffed
from tests.people.test_own_digests import MAIL, MINE
from tests.people.test_route_roles import ROUTES
from tests.web.site import HARBOUR, World
from watcher.model.person import Person, Role
from watcher.pipeline.digests import compose_now
from watcher.web.auth.roles import MINIMAL_ROLES

PAGES = (
    "/", "/account", "/account/digests/edit?name={own}", "/account/digests/new", "/api/docs", "/archive?q=eyes",
    "/as-of?at=1h", "/audit", "/channels/edit?name=files", "/channels/new", "/deliveries", "/digests",
    "/digests/edit?name=daily", "/digests/new", "/digests/preview?name=daily", "/digests/1", "/entries/3",
    "/entries/3/similar", "/feeds", "/feeds/add", f"/feeds/edit?url={HARBOUR}", f"/feeds/show?url={HARBOUR}",
    "/help", "/help/people", "/history", "/hits", "/hits/1", "/login", "/notes", "/overview", "/people", "/proposals",
    "/settings", "/setup/done", "/stories", "/stories/{story}", "/topics", "/topics/eyes", "/topics/cyber",
    "/topics/eyes/settings", "/label/x", "/unsubscribe/x", "/views", "/views?deleted=1", "/workbench",
    "/workbench?topic=eyes", "/workbench/article",
)  # fmt: skip
"""Every page, with what makes its controls show."""
NO_PAGE = {
    "GET /digests/preview/mail": "a mail", "GET /digests/{digest_id}/mail": "a mail", "GET /digests/times": "JSON",
    "GET /query/check": "JSON", "GET /metrics": "text", "GET /healthz": "JSON", "GET /readyz": "JSON",
    "GET /events": "a stream", "GET /feeds.opml": "a file", "GET /hits.csv": "a file", "GET /hits.jsonl": "a file",
    "GET /hits.md": "a file", "GET /login/oidc": "leads to the issuer", "GET /login/oidc/callback": "leads back",
    "GET /setup": "only while nothing is watched", "GET /stories/{story_id}/brief.docx": "a file",
    "GET /stories/{story_id}/brief.md": "a file", "GET /topics/{topic_id}.json": "a feed",
    "GET /views/{view_id}": "leads to the list that was saved",
}  # fmt: skip
SHOWN_ELSEWHERE = {
    "POST /feeds/resume": "only where a feed is gone or failing", "POST /label/{token}": "needs a signed address",
    "POST /proposals/{proposal_id}/label": "needs an encoder", "POST /setup": "only while nothing is watched",
    "POST /unsubscribe/{token}": "needs a signed address", "POST /workbench/preview": "sent by the script",
    "POST /notes/{note_id}/restore": "offered by the script, as undo",
    "POST /login": "shown to who has not logged in",
}  # fmt: skip
"""Forms that none of these pages shows here."""

OWN = {person.role: f"{person.name.lower().replace(' ', '-')}-1" for person in PEOPLE}
"""The name of each person's own digest."""
OPENAPI = "/api/openapi.json"
"""Made by the framework, for everybody who has logged in."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Mapping[Role, httpx.Client], list[str]]]:
    """An office in which every page has something to do, a client of each role, and the addresses of the pages."""
    with staffed(tmp_path_factory.mktemp("office") / "config") as made:
        path = made.folder / "watcher.yaml"
        written = yaml.safe_load(path.read_text("utf-8"))
        written["channels"]["post"] = MAIL
        path.write_text(yaml.safe_dump(written, sort_keys=False), "utf-8")
        made.app.reload()
        compose_now(made.app.database, made.app.press(), "daily", made.clock())
        with made.served() as address, opened(address) as ada, opened(address) as eda, opened(address) as ray:
            # Sessions, not tokens: what a page offers to who has logged in is more.
            for client, person in ((ada, ADA), (eda, EDA), (ray, RAY)):
                assert log_in(client, person.name).status_code == 303
                with opened(address) as another:
                    log_in(another, person.name)
            story = _fill(made, address)
            pages = [page.replace("{story}", story) for page in PAGES]
            yield address, {Role.ADMIN: ada, Role.EDITOR: eda, Role.READER: ray}, pages


def _fill(made: World, address: str) -> str:
    """Do what leaves something to undo, restore, revoke and send again; return the number of a story."""
    whatever = {"if-match": "*"}
    story = "0"
    for person in PEOPLE:
        with opened(address) as client:
            client.headers.update(bearer(make_token(made, person)))
            assert _expect(client.post("/api/v1/account/digests", json=MINE)).json()["name"] == OWN[person.role]
            _expect(client.post("/api/v1/views", json={"name": "Mine", "page": "hits", "params": {"topic": ["eyes"]}}))
            about = {"target": "entry:3", "text": "Look at this.", "to": [row.name for row in PEOPLE]}
            _expect(client.post("/api/v1/notes", json=about))
            if not person.role.includes(Role.EDITOR):
                continue
            changed = {"name": f"Five Eyes, says {person.name}"}
            _expect(client.patch("/api/v1/topics/eyes", json=changed, headers=whatever))
            gone = _expect(client.post("/api/v1/topics", json={"name": f"Of {person.name}", "query": "gone"})).json()
            _expect(client.delete(f"/api/v1/topics/{gone['id']}", headers=whatever))
            if person == ADA:
                query = {"query": '"cyber command" OR cybercom'}
                _expect(client.patch("/api/v1/topics/cyber", json=query, headers=whatever))
                _expect(client.patch("/api/v1/topics/cyber", json={"paused": True}, headers=whatever))
                stories = sorted(client.get("/api/v1/stories").json()["stories"], key=lambda row: -row["size"])
                story = str(stories[0]["id"])
                _expect(client.post(f"/api/v1/stories/{story}/merge", json={"story": stories[1]["id"]}))
    with closing(sqlite3.connect(made.folder / "var" / "watcher.db")) as connection:
        connection.execute("UPDATE outbox SET state = 'dead'")
        connection.commit()
    return story


def _expect(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer


@cache
def find_route(method: str, path: str) -> str | None:
    """Return the route that a request to a path takes, None where that is no route of the table of roles."""
    if (exact := f"{method} {path}") in MINIMAL_ROLES:
        return exact
    for route in ROUTES:
        pattern = re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(route)).replace(r"\{name:path\}", ".+")
        if re.fullmatch(pattern, exact):
            return route
    return None


def list_controls(page: LexborHTMLParser, url: str) -> Iterator[str]:
    """Yield the routes that the forms, buttons and links of a page use."""
    for form in page.css("form"):
        if form.attributes.get("method") == "dialog":
            continue
        own = form.attributes.get("action")
        targets = [own, *(button.attributes["formaction"] for button in form.css("[formaction]"))]
        for target in targets:
            yield _name_route((form.attributes.get("method") or "get").upper(), urljoin(url, target or ""))
    for link in page.css("a[href]"):
        target = urljoin(url, link.attributes["href"] or "")
        if urlsplit(target).netloc == urlsplit(url).netloc and urlsplit(target).path != OPENAPI:
            yield _name_route("GET", target)


def _name_route(method: str, target: str) -> str:
    path = urlsplit(target).path
    route = find_route(method, path)
    assert route is not None, f"{method} {path} leads nowhere"
    return route


def read(client: httpx.Client, path: str) -> tuple[LexborHTMLParser, str] | None:
    """Return a page as it is shown, with its address; None where the visitor's role does not open it."""
    answer = client.get(path, headers={"accept": "text/html"}, follow_redirects=True)
    if answer.status_code == 403:
        return None
    assert "text/html" in answer.headers["content-type"], path
    return LexborHTMLParser(answer.text), str(answer.url)


def test_every_page_is_listed(office: tuple[str, Mapping[Role, httpx.Client], list[str]]) -> None:
    listed = {find_route("GET", urlsplit(page).path) for page in office[2]}
    pages = {
        route
        for route in ROUTES
        if route.startswith("GET ") and not route.startswith("GET /api/v1") and not route.endswith(".atom")
    }

    assert pages - set(NO_PAGE) == listed
    assert set(NO_PAGE) <= pages


@pytest.mark.parametrize("role", list(Role))
def test_no_page_offers_what_the_visitors_role_may_not_use(
    office: tuple[str, Mapping[Role, httpx.Client], list[str]], role: Role
) -> None:
    _address, clients, pages = office
    offered, opened_pages = set(), 0
    refused = []
    for path in pages:
        shown = read(clients[role], path.replace("{own}", OWN[role]))
        if shown is None:
            continue
        opened_pages += 1
        for route in list_controls(*shown):
            offered.add(route)
            needed = MINIMAL_ROLES[route]
            if needed is not None and not role.includes(needed):
                refused.append((path, route))

    assert refused == []
    assert opened_pages > {Role.READER: 25, Role.EDITOR: 38, Role.ADMIN: 42}[role]
    # What is not shown at all would pass above: an admin is offered every form that there is.
    forms = {route for route in ROUTES if route.startswith("POST ") and not route.startswith("POST /api/")}
    if role is Role.ADMIN:
        assert forms - offered == set(SHOWN_ELSEWHERE)
    else:
        assert {route for route in forms - offered if _may_use(role, route)} <= set(SHOWN_ELSEWHERE)


def _may_use(role: Role, route: str) -> bool:
    needed = MINIMAL_ROLES[route]
    return needed is None or role.includes(needed)


@pytest.mark.parametrize(("person", "saves"), [(RAY, False), (EDA, True)], ids=["reader", "editor"])
def test_a_reader_tries_a_topic_and_an_editor_saves_it(
    office: tuple[str, Mapping[Role, httpx.Client], list[str]], person: Person, saves: bool
) -> None:
    client = office[1][person.role]
    page = LexborHTMLParser(client.get("/workbench?topic=eyes").text)
    form = {field.attributes["name"] or "": _get_value(field) for field in page.css("form.builder [name]")}
    buttons = {button.attributes.get("value") for button in page.css("form.builder button")}
    fields = {name: value for name, value in form.items() if name not in ("look", "since", "bring_in")}

    tried = client.post("/workbench", data={**fields, "query": "spies", "look": "try"})
    saved = client.post("/workbench", data={**fields, "name": "Changed", "look": "save"})

    assert ("save" in buttons) == saves
    assert {"try", "cost", "probe", "measure"} <= buttons
    assert tried.status_code == 200
    assert "What this would find" in tried.text
    assert saved.status_code == (303 if saves else 403)


def _get_value(field: LexborNode) -> str:
    return field.text() if field.tag == "textarea" else field.attributes.get("value") or ""


def test_an_editor_is_offered_to_undo_own_edits_alone(
    office: tuple[str, Mapping[Role, httpx.Client], list[str]],
) -> None:
    shown = {}
    for role in (Role.ADMIN, Role.EDITOR):
        page = LexborHTMLParser(office[1][role].get("/history").text)
        shown[role] = [button.attributes["aria-label"] or "" for button in page.css("main button")]

    assert len(shown[Role.ADMIN]) > len(shown[Role.EDITOR]) > 0
    assert any("Of Ada" in label for label in shown[Role.ADMIN])
    assert not any("Of Ada" in label for label in shown[Role.EDITOR])


def test_help_on_each_page_leads_to_an_anchor_of_the_manual(
    office: tuple[str, Mapping[Role, httpx.Client], list[str]],
) -> None:
    _address, clients, pages = office
    targets = {}
    for path in pages:
        shown = read(clients[Role.ADMIN], path.replace("{own}", OWN[Role.ADMIN]))
        assert shown is not None
        [link] = [node for node in shown[0].css("header.bar a") if node.text() == "Help"]
        targets[path] = link.attributes["href"] or ""
    manual = {target.partition("#")[0]: _read_anchors(clients[Role.READER], target) for target in targets.values()}
    lost = [
        (path, target)
        for path, target in targets.items()
        if "#" in target and target.partition("#")[2] not in manual[target.partition("#")[0]]
    ]

    assert lost == []
    # The manual is its own help; every other page has a place that is about it.
    assert [path for path, target in targets.items() if target == "/help"] == ["/help", "/help/people"]
    assert len(set(targets.values())) > 20


def _read_anchors(client: httpx.Client, address: str) -> set[str | None]:
    answer = client.get(address.partition("#")[0])
    assert answer.status_code == 200, address
    return {node.attributes["id"] for node in LexborHTMLParser(answer.text).css(".prose [id]")}


def test_who_is_not_let_in_is_led_to_the_login_and_the_roles(
    office: tuple[str, Mapping[Role, httpx.Client], list[str]],
) -> None:
    with opened(office[0]) as stranger:
        login, manual = stranger.get("/login"), stranger.get("/help/people")
        wrong = stranger.post("/login", data={"csrf": _get_form_token(login.text), "name": "Ada", "password": "wrong"})
    refused = office[1][Role.READER].get("/settings", headers={"accept": "text/html"})

    assert 'href="/help/people#log-in">Help' in login.text
    assert 'href="/help/people#log-in">Help' in wrong.text
    assert 'href="/help/people#roles">Help' in refused.text
    assert manual.status_code == 200
    assert PASSWORD not in manual.text
    # Who has not logged in is shown no navigation: each of its links would lead back to the login.
    assert "nav class" not in login.text + manual.text


def _get_form_token(page: str) -> str:
    match = re.search(r'name="csrf" value="([^"]+)"', page)
    assert match is not None
    return match[1]
