"""年度の準備: a CouchDB is given its databases, its users, and the word who may enter, as its
administrator. Everything may be done again, and nobody who may enter is shut out by it.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sync.carriers import couch
from sync.carriers.couch import Server

# A name of CouchDB's own, or one that needs care in an address, is none of ours.
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


class NobodyNamed(ValueError):  # noqa: N818 - an answer for whoever sets the server up
    """A database without users would be open to everybody; the text is its name."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One database: whether it was made now, and who may enter."""

    database: str
    is_new: bool
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class User:
    """One user: whether it was made now, and where its password lies then."""

    name: str
    is_new: bool
    file: str = ""


def prepare(admin: Server, scopes: Iterable[str], users: Iterable[str]) -> list[Prepared]:
    """Make the databases of these scopes that are lacking, and let the users into all of them.

    Whoever may enter already still may; a new year's database takes over who may enter the year
    before's, so that a node which is forgotten here is not cut off on the first of April.

    raises   NoContact, NotPrepared; NobodyNamed, and that database is not made
    """
    named, done = set(users), []
    for scope in scopes:
        database = couch.database_of(scope)
        known = couch.members_of(admin, database)
        before = couch.members_of(admin, couch.database_of(_year_before(scope))) or []
        members = named | set(before if known is None else known)
        if not members:
            # CouchDB takes a list of nobody for everybody.
            raise NobodyNamed(database)
        couch.prepare(admin, database, members)
        done.append(Prepared(database, known is None, tuple(sorted(members))))
    return done


def let_in(admin: Server, users: Iterable[str], folder: Path) -> list[User]:
    """Make the users that the server does not know, each with a password in a file of its own.

    A file that lies there already is used; a user who is there already is left alone.

    folder   gets the file NAME-password, which only its owner can read
    raises   NoContact, OSError
    """
    done = []
    for name in users:
        assert NAME.fullmatch(name), name
        if couch.has_user(admin, name):
            done.append(User(name, False))
            continue
        file = folder / f"{name}-password"
        couch.add_user(admin, name, _password(file))
        done.append(User(name, True, str(file)))
    return done


def _password(file: Path) -> str:
    """What the file says; made before the user, so that a password is never lost on the way."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(secrets.token_urlsafe(24) + "\n")
    return file.read_text(encoding="utf-8").strip()


def _year_before(scope: str) -> str:
    town, _, year = scope.partition("-")
    return f"{town}-{int(year) - 1}" if year else scope
