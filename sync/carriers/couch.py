"""CouchDB as a mailbox: every call that Tonari makes to it, and nothing else.

A mailbox is one database. It keeps each document under its id, once: documents are immutable, the
id ends with the hash of the content, and so does the revision that we give it. Posting twice is
therefore free, two nodes that post the same thing do not conflict, and whatever else lies in a
mailbox (an edit, a deletion, an attachment, another person's document) is told from ours by its
revision alone. What the documents mean, and when to call, is the affair of courier.py.

This is the only module that talks to CouchDB. Only its plain calls are used: no replicator, no
design documents, no views, no purge. Retries, redirects, the environment's proxies and the client's
report on itself are off.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import orjson
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import BasicAuthenticator, NoAuthAuthenticator
from ibmcloudant.cloudant_v1 import CloudantV1
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException, SSLError

from sync.document import Body, revision_of

CONNECT_SECONDS = 2.5
READ_SECONDS = 65.0
# How long a reader waits for news before it asks again, so that a line which died without a word
# is noticed: contact is never older than this while there is any.
WAIT_SECONDS = 10.0
GRACE_SECONDS = 3.0
POST_BYTES = 2_000_000
# So many documents are sooner sent than asked about.
FEW = 20
PUBLIC = "public"
USERS = "_users"
DATABASE = re.compile(r"[a-z][a-z0-9_$()+/-]*")
# The client names its version and ours in every request unless it is told not to.
QUIET = {"X-IBMCloud-SDK-Analytics": None}
# On a certificate it cannot trust, the client's log recommends not to check certificates.
logging.getLogger("ibm-cloud-sdk-core").setLevel(logging.CRITICAL)


class Trouble(StrEnum):
    """Why there is no contact. Only the first one mends itself."""

    SILENT = "it does not answer"
    NOT_TRUSTED = "its certificate is not trusted"
    WRONG_PASSWORD = "it does not know our name or password"
    NOT_ALLOWED = "it does not let us into this mailbox"
    MISSING = "the mailbox is not there"
    THERE = "it is there already"
    TOO_LARGE = "it refuses requests of this size"
    BROKEN = "it answers with an error"


class NoContact(Exception):  # noqa: N818 - the line is cut: a state of the world, not a mistake
    """A call that did not succeed; nothing is known about what it did at the other end."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble.value}: {detail}" if detail else trouble.value)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Address:
    """A CouchDB server and who we are there.

    url        https, or http where the line is this machine's own
    ca_file    the only authority that is trusted, for a town with one of its own; else the usual
    """

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A document in the mailbox, or what became of it.

    parcel    its content; None if it was deleted
    odd       why it is not a document as we post them, in words; empty if it is
    """

    id: str
    parcel: Mapping[str, Any] | None
    odd: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what came, and where to go on."""

    found: list[Found]
    since: str


class Server:
    """A connection to one CouchDB; several threads may share it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client = _client(address, READ_SECONDS)
        # One of its own: the client takes its time limits from its settings, not from the call.
        self._reader = _client(address, WAIT_SECONDS + GRACE_SECONDS)

    def call(self, name: str, *, is_waiting: bool = False, **arguments: Any) -> Any:
        """One of the client's calls, by its name; returns the parsed answer.

        raises   NoContact
        """
        client = self._reader if is_waiting else self._client
        try:
            # As a stream, because the client would guess at the letters of a long answer first.
            answer = getattr(client, name)(**arguments, headers=QUIET, stream=True)
            response = answer.get_result()
            return _parsed(response.content) if response is not None else None
        except ApiException as error:
            raise NoContact(_trouble(error), f"{error.status_code} {error.message}") from error
        except SSLError as error:
            raise NoContact(Trouble.NOT_TRUSTED) from error
        except RequestException as error:
            raise NoContact(Trouble.SILENT) from error

    def close(self) -> None:
        """Let go of the connections."""
        for client in (self._client, self._reader):
            client.get_http_client().close()


def _client(address: Address, read_seconds: float) -> CloudantV1:
    is_named = bool(address.user)
    known = BasicAuthenticator(address.user, address.password) if is_named else None
    client = CloudantV1(authenticator=known or NoAuthAuthenticator())
    client.set_service_url(address.url)
    client.set_default_headers({"User-Agent": "tonari"})
    client.set_http_config(
        {
            "timeout": (CONNECT_SECONDS, read_seconds),
            "verify": address.ca_file or True,
            "proxies": {"http": address.proxy, "https": address.proxy} if address.proxy else {},
            "allow_redirects": False,
        }
    )
    session = client.get_http_client()
    session.trust_env = False
    # The client's own adapter would trust the usual authorities beside the town's.
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter())
    return client


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:
        # Half a character pair is refused by orjson; one stranger's must not hide the others.
        return json.loads(content)
    except ValueError as error:
        raise NoContact(Trouble.BROKEN, "an answer that is no JSON") from error


def _trouble(error: ApiException) -> Trouble:
    by_status = {
        401: Trouble.WRONG_PASSWORD,
        403: Trouble.NOT_ALLOWED,
        404: Trouble.MISSING,
        412: Trouble.THERE,
        413: Trouble.TOO_LARGE,
    }
    return by_status.get(error.status_code, Trouble.BROKEN)


class Mailbox:
    """One database, as its reader and writer see it. Every call raises NoContact."""

    def __init__(self, server: Server, database: str) -> None:
        assert DATABASE.fullmatch(database), database
        self.server = server
        self.database = database
        self.name = f"{server.address.url.rstrip('/')}/{database}"

    def post(self, parcels: Sequence[Body]) -> dict[str, str]:
        """Put there what is not there yet; returns the ids that were refused, each with its reason.

        What a whole request is too large for is sent in smaller ones, at last one by one.
        """
        refused: dict[str, str] = {}
        if len(parcels) > FEW:
            wanted = self.lacking([str(parcel["_id"]) for parcel in parcels])
            parcels = [parcel for parcel in parcels if parcel["_id"] in wanted]
        for batch in _batches(parcels):
            refused |= self._send(batch)
        return refused

    def lacking(self, ids: Sequence[str]) -> set[str]:
        """Those of these documents of ours that it never had."""
        ours = {each: [revision_of(each)] for each in ids}
        return set(self._call("post_revs_diff", document_revisions=ours)) if ours else set()

    def _send(self, parcels: Sequence[Body]) -> dict[str, str]:
        documents = [{**each, "_rev": revision_of(each["_id"])} for each in parcels]
        body = {"new_edits": False, "docs": documents}
        try:
            rows = self._call("post_bulk_docs", bulk_docs=body)
        except NoContact as error:
            if error.trouble is not Trouble.TOO_LARGE:
                raise
            if len(parcels) == 1:
                return {str(parcels[0]["_id"]): error.trouble.value}
            half = len(parcels) // 2
            return self._send(parcels[:half]) | self._send(parcels[half:])
        return {
            str(row.get("id")): f"{row['error']}: {row.get('reason', '')}"
            for row in rows
            if "error" in row
        }

    def changes(self, since: str, *, limit: int, wait_seconds: float = 0) -> Page:
        """What came after `since`; waits until something comes, or for so long."""
        waiting = {"feed": "longpoll", "timeout": int(wait_seconds * 1000)} if wait_seconds else {}
        answer = self._call(
            "post_changes",
            since=since or "0",
            limit=limit,
            style="all_docs",
            include_docs=True,
            is_waiting=bool(waiting),
            **waiting,
        )
        found = [_found(row) for row in answer["results"] if not _is_design(row)]
        return Page(found, str(answer["last_seq"]))

    def ids(self, after: str, *, limit: int) -> list[str]:
        """The next ids beyond `after`, in the mailbox's own order; deleted ones are not there."""
        more = {"start_key": after} if after else {}
        answer = self._call("post_all_docs", limit=limit + 1, **more)
        return [row["id"] for row in answer["rows"] if row["id"] != after][:limit]

    def fetch(self, ids: Sequence[str]) -> list[Found]:
        """These documents, as far as they are there."""
        answer = self._call("post_all_docs", keys=list(ids), include_docs=True)
        rows = [row for row in answer["rows"] if row.get("doc")]
        return [_found({**row, "changes": [row["value"]]}) for row in rows]

    def originals(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The revisions that we post, of documents that somebody changed; what is left of them."""
        wanted = [{"id": each, "rev": revision_of(each)} for each in ids]
        answer = self._call("post_bulk_get", docs=[each for each in wanted if each["rev"]])
        leaves = (leaf.get("ok") for row in answer["results"] for leaf in row["docs"])
        kept = [leaf for leaf in leaves if leaf and not leaf.get("_deleted")]
        return {leaf["_id"]: leaf for leaf in kept if "_attachments" not in leaf}

    def look(self) -> None:
        """Whether it is there, and open to us.

        raises   NoContact
        """
        self._call("get_database_information")

    def mark(self, key: str) -> int:
        """Up to which turn this mailbox knew the node with this key; 0 if it never did."""
        try:
            mark = self._call("get_local_document", doc_id=f"tonari-{key}")
        except NoContact as error:
            if error.trouble is Trouble.MISSING:
                # Either the mark or the whole database: the latter is no mailbox.
                self._call("get_database_information")
                return 0
            raise
        turn = mark.get("turn")
        return turn if isinstance(turn, int) else 0

    def set_mark(self, key: str, turn: int) -> None:
        """Note the node's turn; it lives in the mailbox and is lost with it."""
        known: dict[str, Any] = {}
        try:
            known = self._call("get_local_document", doc_id=f"tonari-{key}")
        except NoContact as error:
            if error.trouble is not Trouble.MISSING:
                raise
        document = {**known, "turn": turn}
        self._call("put_local_document", doc_id=f"tonari-{key}", document=document)

    def _call(self, name: str, **arguments: Any) -> Any:
        return self.server.call(name, db=self.database, **arguments)


def _batches(parcels: Sequence[Body]) -> Iterator[list[Body]]:
    """Requests that a thin line carries before the time is up."""
    batch: list[Body] = []
    size = 0
    for parcel in parcels:
        length = len(orjson.dumps(parcel))
        if batch and size + length > POST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(parcel)
        size += length
    if batch:
        yield batch


def _is_design(row: Mapping[str, Any]) -> bool:
    return str(row["id"]).startswith("_design/")


def _found(row: Mapping[str, Any]) -> Found:
    """Judge a row by its revisions: ours are first ones, alone, and nothing hangs on them."""
    parcel, revisions = row.get("doc"), [str(each["rev"]) for each in row["changes"]]
    odd = ""
    if row.get("deleted") or parcel is None or parcel.get("_deleted"):
        odd, parcel = "somebody deleted it", None
    elif any(not revision.startswith("1-") for revision in revisions):
        odd = "somebody changed it"
    elif len(revisions) > 1:
        odd = "somebody put another one under its name"
    elif "_attachments" in parcel:
        odd = "somebody attached a file to it"
    return Found(str(row["id"]), parcel, odd)


# Which chains go where


def database_of(scope: str) -> str:
    """The database of a scope: `ev-13201-2026`, or the public one."""
    return PUBLIC if scope == PUBLIC else f"ev-{scope}"


def scope_on(town: str, day: date) -> str:
    """A town's scope in the fiscal year of this day, from April to March: `13201-2026`."""
    return f"{town}-{day.year if day.month >= 4 else day.year - 1}"


# Preparing a server, as its administrator


class NotPrepared(Exception):  # noqa: N818 - an answer for whoever sets the server up
    """The server is not as it was asked to be; the text says what is wrong."""


def add_user(admin: Server, name: str, password: str) -> None:
    """A user for one node; a password that is there already is replaced."""
    _create(admin, USERS)
    doc_id = f"org.couchdb.user:{name}"
    document = {"name": name, "password": password, "roles": [], "type": "user"}
    try:
        known = admin.call("get_document", db=USERS, doc_id=doc_id)
        document["_rev"] = known["_rev"]
    except NoContact as error:
        if error.trouble is not Trouble.MISSING:
            raise
    admin.call("put_document", db=USERS, doc_id=doc_id, document=document)


def has_user(admin: Server, name: str) -> bool:
    """Whether the server knows this name."""
    try:
        admin.call("get_document", db=USERS, doc_id=f"org.couchdb.user:{name}")
    except NoContact as error:
        if error.trouble is not Trouble.MISSING:
            raise
        return False
    return True


def members_of(admin: Server, database: str) -> list[str] | None:
    """Who may enter a database; None where there is none of this name."""
    try:
        # Who may enter is answered for a database that is not there, too.
        admin.call("get_database_information", db=database)
        found = admin.call("get_security", db=database)
    except NoContact as error:
        if error.trouble is not Trouble.MISSING:
            raise
        return None
    return sorted(found.get("members", {}).get("names", []))


def prepare(admin: Server, database: str, members: Collection[str]) -> Mailbox:
    """Create a database that these users, and nobody else, may read and write; then look.

    members   every user who may enter; who is not named any more is shut out
    raises    NotPrepared if strangers can still read it; NoContact
    """
    mailbox = Mailbox(admin, database)
    _create(admin, database)
    security = {
        "admins": {"names": [], "roles": ["_admin"]},
        "members": {"names": sorted(members), "roles": []},
    }
    admin.call("put_security", db=database, admins=security["admins"], members=security["members"])
    found = admin.call("get_security", db=database)
    if {part: found.get(part) for part in security} != security:
        raise NotPrepared(f"{database}: who may enter was not kept")
    address = admin.address
    stranger = Server(Address(address.url, ca_file=address.ca_file, proxy=address.proxy))
    try:
        Mailbox(stranger, database).changes("", limit=1)
    except NoContact as error:
        if error.trouble not in (Trouble.WRONG_PASSWORD, Trouble.NOT_ALLOWED):
            raise
    else:
        raise NotPrepared(f"{database}: strangers can read it; the server has no administrator")
    finally:
        stranger.close()
    return mailbox


def _create(admin: Server, database: str) -> None:
    try:
        admin.call("put_database", db=database)
    except NoContact as error:
        if error.trouble is not Trouble.THERE:
            raise
