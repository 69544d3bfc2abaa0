"""How a feed is requested: login, cookie, headers, certificates and proxy of an item of `feeds.yaml`."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from watcher.errors import Fault
from watcher.model.access import Access
from watcher.settings import secrets
from watcher.settings.schema import WrittenFeed
from watcher.settings.yaml_nodes import Node, Scalar, Table

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_VALUE = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
# RFC 9110 7.6.1 names the headers of one connection; the others are the fetcher's own: with them a feed would be cut,
# garbled or taken for unchanged.
_OWN = {
    "host": "the host stands in `url`",
    "content-length": "a request for a feed has no body",
    "transfer-encoding": "a request for a feed has no body",
    "expect": "a request for a feed has no body",
    "connection": "the watcher looks after its connections",
    "keep-alive": "the watcher looks after its connections",
    "upgrade": "`http_version` chooses the version of HTTP",
    "te": "the watcher looks after its connections",
    "trailer": "the watcher looks after its connections",
    "proxy-connection": "`proxy` names a proxy",
    "proxy-authorization": "write the login into the address of `proxy`",
    "accept-encoding": "the watcher asks for the encodings that it reads",
    "range": "a part of a feed cannot be read",
    "if-range": "a part of a feed cannot be read",
    "if-none-match": "the watcher remembers what it has seen",
    "if-modified-since": "the watcher remembers what it has seen",
    "if-match": "the watcher remembers what it has seen",
    "if-unmodified-since": "the watcher remembers what it has seen",
}
_USUAL = Access()
"""Shared by the feeds that are asked for as usual, which are most of some thousands."""
_INSTEAD = {"user-agent": "user_agent", "cookie": "cookie", "authorization": "username"}


def prepare_access(item: Table, folder: Path, faults: list[Fault], notes: list[Fault]) -> None:
    """Read the secret files of an item into it, and mark as secret what no fault may repeat."""
    named = item.values.get("password_file")
    secrets.read_files(item, WrittenFeed, folder, faults)
    _read_headers_file(item, folder, faults)
    for key in ("headers", "proxy", "username"):
        if key in item.values:
            secrets.hide_values(item.values[key])
    if isinstance(named, Scalar) and named.value:
        path = (folder / named.value).expanduser()
        try:
            open_to_others = path.stat().st_mode & 0o077
        except OSError:
            return  # named as a fault already
        if open_to_others:
            notes.append(named.place.fault(f"other users of this machine may read {path}: chmod 600 {path}"))


def _read_headers_file(item: Table, folder: Path, faults: list[Fault]) -> None:
    """Read `headers_file`, with a line `Name: value` for each, into `headers`."""
    node, place = item.values.pop("headers_file", None), item.key_at.pop("headers_file", item.place)
    if node is None:
        return
    if "headers" in item.values:
        faults.append(place.fault("`headers` and `headers_file` are both set: one is enough"))
        return
    if not isinstance(node, Scalar) or not node.value:
        faults.append(node.place.fault("`headers_file`: expected the path of a file"))
        return
    text = secrets.read_secret_file(folder / node.value, node.place, place, faults)
    pairs = [line.partition(":") for line in text.splitlines() if line.strip()]
    headers = {name.strip(): Scalar(node.place, value.strip(), place, secret=True) for name, _colon, value in pairs}
    item.values["headers"] = Table(node.place, dict(headers), dict.fromkeys(headers, place))
    item.key_at["headers"] = place


def read_access(
    written: WrittenFeed,
    login: tuple[str, str] | None,
    item: Table,
    folder: Path,
    faults: list[Fault],
    notes: list[Fault],
) -> Access:
    """Return the access of an item; `login` is what its address says of who asks."""
    password = written.password.get_secret_value() if written.password is not None else None
    username = written.username
    if login is not None:
        if username is not None or password is not None:
            key = "username" if username is not None else "password"
            faults.append(item.key_at[key].fault(f"`{key}`: the address holds a login as well: one is enough"))
        username, password = login
    elif (username is None) != (password is None):
        there, absent = (
            ("username", "`password` or `password_file`") if password is None else ("password", "`username`")
        )
        faults.append(item.key_at[there].fault(f"`{there}` needs {absent} beside it"))
    elif username is not None and ":" in username:
        # RFC 7617, 2: the first colon ends the name.
        faults.append(item.values["username"].place.fault("`username` must not contain a colon"))
    if written.http_version == "2":
        _check_http2(item.values["http_version"], faults)
    access = Access(
        username=username,
        password=password,
        headers=_read_headers(item.values.get("headers"), _list_conflicts(written, username), faults),
        cookie=written.cookie.get_secret_value() if written.cookie is not None else None,
        user_agent=written.user_agent,
        proxy=written.proxy.get_secret_value() if written.proxy is not None else None,
        http_version=written.http_version or "",
        verify=_read_verify(written.verify, item.values.get("verify"), folder, faults, notes),
    )
    return _USUAL if access == _USUAL else access


def _check_http2(node: Node, faults: list[Fault]) -> None:
    # Imported where a feed asks for it: the fetcher is much to load for a command that fetches nothing.
    from watcher.fetch.policy import HTTP2_MISSING, has_http2

    if not has_http2():
        faults.append(node.place.fault(f"`http_version`: {HTTP2_MISSING}"))


def _list_conflicts(written: WrittenFeed, username: str | None) -> Mapping[str, str]:
    """Return the headers that keys of their own set, by their lower-case names."""
    keys = {"user_agent": written.user_agent, "cookie": written.cookie, "username": username}
    return {header: key for header, key in _INSTEAD.items() if keys[key] is not None}


def _read_headers(node: Node | None, besides: Mapping[str, str], faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    if not isinstance(node, Table):
        return ()
    # A header is wrong by its name (no token, ours, set elsewhere, twice) or by its value.
    headers: dict[str, tuple[str, str]] = {}
    for name, value in node.values.items():
        lower, place = name.lower(), node.key_at[name]
        if not _TOKEN.fullmatch(name):
            faults.append(place.fault(f"{name[:60]!r} is not a header name: letters, digits and hyphens"))
        elif lower in _OWN:
            faults.append(place.fault(f"the header `{name}` cannot be set: {_OWN[lower]}"))
        elif lower in besides:
            faults.append(place.fault(f"the header `{name}` and `{besides[lower]}` are both set: one is enough"))
        elif lower in headers:
            faults.append(place.fault(f"the header `{name}` appears twice, as `{headers[lower][0]}` before"))
        elif not isinstance(value, Scalar) or value.value is None or not value.value.strip():
            faults.append(place.fault(f"the header `{name}` has no value"))
        elif (reason := find_header_fault(value.value)) is not None:
            faults.append(value.place.fault(f"the header `{name}` {reason}"))
        else:
            headers[lower] = (name, value.value.strip())
    return tuple(headers.values())


def find_header_fault(value: str) -> str | None:
    """Return why a text cannot be the value of a header, None where it can."""
    if _NO_VALUE.search(value.strip()):
        return "holds a line break or another control character"
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return "holds characters that no header can carry: only those of Latin-1 can be sent"
    return None


def _read_verify(
    written: bool | str, node: Node | None, folder: Path, faults: list[Fault], notes: list[Fault]
) -> bool | str:
    if written is True or node is None:
        return True
    if written is False:
        notes.append(node.place.fault("`verify: false`: anybody on the network can read and change this feed"))
        return False
    path = (folder / str(written)).expanduser()
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        faults.append(node.place.fault(f"`verify`: {path} holds no certificates in PEM form"))
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        faults.append(node.place.fault(f"`verify`: {path}: {reason}; write `false` or the path of a file"))
    return str(path)
