"""users, audit: who may log in, with which role, and who changed what."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli import output
from watcher.cli.args import get_display_name, read_text
from watcher.cli.help import Commands
from watcher.cli.state import Cursor, Json, Limit, Since, Until, open_application

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from watcher.contract.people import AuditRecord, PersonDetail, PersonList
    from watcher.model.person import Account
    from watcher.store.database import Db

app = Commands()
users = Commands(
    no_args_is_help=True,
    help="List and add people, change roles and passwords, let people go.",
    epilog="A running daemon follows within ten seconds. Names of who has left stay on notes and judgements.",
)
app.add_typer(users, name="users")


class RoleName(StrEnum):
    """What a person may do: `reader` reads, `editor` also judges and edits, `admin` also manages people."""

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"


Name = Annotated[str, typer.Argument(metavar="NAME", help="The person's name.")]
PasswordFile = Annotated[
    str | None,
    typer.Option("--password-file", metavar="FILE", help="Read the password from a file, or `-` for standard input."),
]


@users.command("list")
def list_users(as_json: Json = False) -> None:
    """List the people, with those who have left."""
    from watcher.contract.people import encode_person
    from watcher.store.people.accounts import list_accounts

    with open_application(queries=False) as application, application.database.read() as db:
        document: PersonList = {"people": [encode_person(account) for account in list_accounts(db)]}
    if as_json:
        output.print_json(document)
        return
    rows = [
        (
            person["name"],
            person["role"],
            person["login"],
            person["created_at"][:10],
            f"left {person['disabled_at'][:10]}" if person["disabled_at"] else "",
        )
        for person in document["people"]
    ]
    output.print_table(("NAME", "ROLE", "LOGIN", "ADDED", "STATE"), rows, flexible=0)
    output.print_note(output.format_count(len(rows), "person", "people"))


@users.command(
    epilog="Examples:\n\n  watcher users add Mara --role admin                asks for the password\n\n"
    "  watcher users add Timo --password-file -           reads it from standard input\n\n"
    "  watcher users add Ines --role editor --no-password   a proxy or OpenID Connect logs the person in"
)
def add(
    name: Name,
    role: Annotated[RoleName, typer.Option("--role", help="What the person may do.")] = RoleName.READER,
    password_file: PasswordFile = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="A proxy or OpenID Connect logs the person in.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add a person. The first one has to be an admin."""
    from watcher.app.people.accounts import add_person
    from watcher.app.people.passwords import hash_password
    from watcher.model.person import SHELL
    from watcher.model.role import Role

    password_hash = None if no_password else hash_password(_read_password(password_file))
    now = _now()
    _change(
        lambda db: add_person(db, name, Role(role), password_hash, SHELL, now),
        lambda person: f"{person['name']} was added as {person['role']}",
        as_json=as_json,
    )


@users.command()
def role(
    name: Name,
    role: Annotated[RoleName, typer.Argument(metavar="ROLE", help="reader, editor or admin.")],
    as_json: Json = False,
) -> None:
    """Change a person's role."""
    from watcher.app.people.accounts import change_role
    from watcher.model.person import SHELL
    from watcher.model.role import Role

    now = _now()
    _change(
        lambda db: change_role(db, name, Role(role), SHELL, now),
        lambda person: f"{person['name']} is {person['role']} now",
        as_json=as_json,
    )


@users.command()
def password(name: Name, password_file: PasswordFile = None, as_json: Json = False) -> None:
    """Set a person's password; the person's sessions end."""
    from watcher.app.people.accounts import change_password, require_account
    from watcher.app.people.passwords import hash_password
    from watcher.model.person import SHELL

    password_hash = hash_password(_read_password(password_file))
    now = _now()

    def change(db: Db) -> Account:
        """Store the hash."""
        change_password(db, name, password_hash, SHELL, now)
        return require_account(db, name)

    _change(change, lambda person: f"{person['name']} has a new password", as_json=as_json)


@users.command()
def disable(name: Name, as_json: Json = False) -> None:
    """Disable a person who leaves: sessions end, tokens are revoked, the name stays on notes and judgements."""
    from watcher.app.people.accounts import disable_person
    from watcher.model.person import SHELL

    now = _now()
    _change(
        lambda db: disable_person(db, name, SHELL, now),
        lambda person: f"{person['name']} can no longer log in",
        as_json=as_json,
    )


@users.command()
def enable(name: Name, as_json: Json = False) -> None:
    """Enable a person who had left."""
    from watcher.app.people.accounts import enable_person
    from watcher.model.person import SHELL

    now = _now()
    _change(
        lambda db: enable_person(db, name, SHELL, now),
        lambda person: f"{person['name']} can log in again",
        as_json=as_json,
    )


@app.command(epilog="Examples:\n\n  watcher audit --since 7d\n\n  watcher audit --person Mara --json")
def audit(
    person: Annotated[str | None, typer.Option("--person", metavar="NAME", help="Only what this person did.")] = None,
    action: Annotated[str | None, typer.Option("--action", help="Only actions of this kind.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """List who changed what, the newest first."""
    from watcher.app.people.listing import parse_audit_filters
    from watcher.contract.people import encode_audit
    from watcher.store.people.audit import list_audit_entries

    filters = parse_audit_filters(person, action, since, until, _now())
    with open_application(queries=False) as application, application.database.read() as db:
        document = encode_audit(list_audit_entries(db, filters, limit=limit, cursor=cursor))
    if as_json:
        output.print_json(document)
        return
    rows = [
        (entry["at"], entry["person"] or "-", entry["via"], entry["action"], _describe(entry))
        for entry in document["entries"]
    ]
    output.print_table(("AT", "PERSON", "BY", "ACTION", "OBJECT"), rows, flexible=4)
    if document["next_cursor"]:
        output.print_note(f"More: --cursor {document['next_cursor']}")


def _describe(entry: AuditRecord) -> str:
    before, after = entry["before"], entry["after"]
    change = f" ({before or ''} -> {after})" if before is not None and after is not None else f" ({after or before})"
    return entry["object"] + (change if before is not None or after is not None else "")


def _now() -> datetime:
    from watcher import clock

    return clock.now()


def _change(change: Callable[[Db], Account], describe: Callable[[PersonDetail], str], *, as_json: bool) -> None:
    """Run a change of one person, and print who it is now."""
    from watcher.contract.people import encode_person

    with open_application(queries=False) as application, application.database.write() as db:
        person = encode_person(change(db))
    if as_json:
        output.print_json(person)
    else:
        output.print_note(output.clean_text(describe(person)))


def _read_password(file: str | None) -> str:
    """Return a password from a file, standard input, or a prompt; never from the command line, which others can see.

    Raises UsageError where there is none.
    """
    from watcher.errors import UsageError

    if file is not None:
        lines = read_text(file).splitlines()
        if not lines or not lines[0]:
            raise UsageError(f"{get_display_name(file)}: its first line is empty; write the password there")
        return lines[0]
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask for the password: give --password-file FILE, or `-` for standard input")
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return answer
