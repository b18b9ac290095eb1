"""Documents in one signed file, for a stick.

    line 1     the header: region, writer, how many lines follow, their digest
    line 2     the writer's signature under the header
    the rest   one certificate or document a line, in order

The signature says who made the file and that it is whole; each document proves itself besides, so
a bundle may be read in any order, twice, on any node, and an altered line harms only itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sync import exchange
from sync.document import DOCUMENT_BYTES_MAX, Document, Malformed, canonical, message, packed, read
from sync.exchange import Receipt, Scope, merge
from sync.members import Directory, Member
from sync.node import Node
from sync.store import Head, Store

FORMAT = "tonari bundle 1"
BATCH = 500


class NotAccepted(Malformed):
    """This file is not read in; the text is the reason in words."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a bundle brought."""

    writer: str
    documents: int
    receipt: Receipt


def export(
    node: Node,
    path: Path,
    *,
    theirs: Mapping[str, Head] | None = None,
    scope: Scope = lambda chain: True,
) -> int:
    """Write what a peer with these heads lacks, or all there is; returns the number of documents.

    The file appears whole or not at all.
    """
    lines = [canonical(certificate) for certificate in node.directory.certificates()]
    known = dict(theirs or {})
    documents: list[Document] = []
    with node.transaction() as store:
        for batch in _batches(store, known, scope):
            documents += batch
    lines += [packed(document) for document in documents]
    header = canonical(
        {
            "format": FORMAT,
            "region": node.directory.region,
            "writer": node.key.id,
            "lines": len(lines),
            "digest": _digest(lines),
        }
    )
    signature = node.key.sign(message(header, node.directory.region)).encode()
    unfinished = path.with_name(path.name + ".new")
    with unfinished.open("wb") as file:
        file.write(b"\n".join([header, signature, *lines]) + b"\n")
        file.flush()
        # A stick is pulled out: what has the name must be whole before it gets it.
        os.fsync(file.fileno())
    unfinished.replace(path)
    return len(documents)


def _batches(store: Store, known: dict[str, Head], scope: Scope) -> Iterator[list[Document]]:
    seen: set[str] = set()
    while True:
        found = exchange.lacking(store, known, scope=scope, limit=BATCH)
        fresh = [document for document in found if document.id not in seen]
        if not fresh:
            return
        seen.update(document.id for document in fresh)
        for document in fresh:
            if store.has(document.id):
                known[document.chain] = Head(document.number, document.hash)
        yield fresh


def load(node: Node, path: Path) -> Summary:
    """Read a bundle in.

    raises   NotAccepted for a file that is no bundle, is not whole, is of another region, or was
             written by somebody who is not known here; nothing is changed then
    """
    # Read once: a folder's file may be replaced by its next edition at any moment.
    content = path.read_bytes().split(b"\n")
    header, lines = _opened(content)
    if header.get("region") != node.directory.region:
        raise NotAccepted(f"a bundle of another region: {header.get('region')!r:.60}")
    parcels = [_parsed(line) for line in lines]
    # A new node learns from the bundle itself who its writer is: certificates carry their proof.
    known = _with_certificates(node.directory, parcels)
    writer = known.get(str(header.get("writer")))
    if writer is None:
        raise NotAccepted("written by somebody who is not known here")
    _check_whole(node.directory, writer, content, header)
    receipt = Receipt()
    for parcel in parcels:
        if "member" in parcel:
            node.directory.add(parcel)
    documents = [read(parcel) for parcel in parcels if "member" not in parcel]
    with node.transaction() as store:
        merge(receipt, exchange.retry(store, node.directory))
    for start in range(0, len(documents), BATCH):
        merge(receipt, node.receive(documents[start : start + BATCH]))
    return Summary(writer.node, len(documents), receipt)


def _opened(content: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    try:
        header = orjson.loads(content[0])
    except orjson.JSONDecodeError as error:
        raise NotAccepted("this is no bundle") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise NotAccepted("this is no bundle")
    if len(content) < 3 or content[-1] or header.get("lines") != len(content) - 3:
        raise NotAccepted("the bundle is not whole")
    return header, content[2:-1]


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        parcel = orjson.loads(line) if len(line) <= 2 * DOCUMENT_BYTES_MAX else None
    except orjson.JSONDecodeError as error:
        raise NotAccepted("the bundle is not whole") from error
    if not isinstance(parcel, dict):
        raise NotAccepted("the bundle is not whole")
    return parcel


def _with_certificates(directory: Directory, parcels: list[dict[str, Any]]) -> dict[str, Member]:
    """Everybody known here or certified in the bundle, without taking the latter in yet."""
    probe = directory.copy()
    for parcel in parcels:
        if "member" in parcel:
            try:
                probe.add(parcel)
            except Malformed as error:
                raise NotAccepted("it has a certificate that the region did not sign") from error
    return {member.key: member for member in probe.members()}


def _check_whole(
    directory: Directory, writer: Member, content: list[bytes], header: dict[str, Any]
) -> None:
    first, signature, *lines = content[:-1]
    signed = message(first, directory.region)
    if not directory.is_signed(writer, signed, signature.decode("ascii", "replace")):
        raise NotAccepted("the signature is not its writer's")
    if header.get("digest") != _digest(lines):
        raise NotAccepted("the bundle was altered")


def _digest(lines: list[bytes]) -> str:
    return hashlib.sha256(b"\n".join(lines)).hexdigest()
