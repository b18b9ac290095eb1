"""One file on a stick, by which a machine becomes a node of the region, or becomes one again.

    line 1     who is meant, the region's introduction, and the node's key under a one-time code
    the rest   a bundle: what is lent, and the sheets of its facilities

The code is told on another way than the file (read out, or written on paper): who finds the stick
has the public part only. The whole first line is bound to the code, so a changed introduction is
noticed. A restored machine makes its new key itself, and its file holds no secret.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from sqlalchemy import delete, insert, select

from reservations import clock, party_feed, sheets
from reservations import desk as desks
from reservations.actions import answering, moving, publishing, sharing, starting
from reservations.actions.horizon import raise_catalogue_version
from reservations.config import Settings
from reservations.db import Database
from reservations.desk import Desk
from reservations.models import Facility, FacilityNode, schema
from reservations.models.base import table_of
from reservations.projection import open_desk
from sync import sealing
from sync.carriers import bundle
from sync.document import SigningKey, canonical, is_log, scope_of
from sync.witness import FileWitness, Silent

FORMAT, REQUEST = "tonari node 1", "tonari restore 1"
NEXT_KEY = "key-next"
# No letter that is taken for another when it is read out.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LETTERS, GROUP = 16, 4
SCRYPT = {"length": 32, "n": 2**15, "r": 8, "p": 1}
NUMBER_MAX = 99
RETIRED = "この拠点は廃止されました。"
RESTORING = "復元の途中です。本部の node admit --request の後に node restore を実行してください。"


class NotAdmitted(ValueError):  # noqa: N818 - an answer for whoever stands at the machine
    """The file, the code or the names do not do; the text says why, in Japanese."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A node that may begin. code: empty where the node made its key itself."""

    node: str
    incarnation: int
    facilities: tuple[int, ...]
    code: str
    documents: int


# At the hub


def admit(
    desk: Desk,
    node: str,
    out: Path,
    *,
    number: int,
    facilities: Sequence[int] = (),
    witness: str = "",
    request: Path | None = None,
    at: int,
) -> Admitted:
    """Certify a node and write its file.

    number    first part of the booking numbers it gives; every node has its own
    request   of a machine that is being restored; without it the node gets its key in the file
    raises    NotAdmitted
    """
    _check_root(desk)
    code, secret = "", b""
    if request is not None:
        public, opens = _requested(desk, node, request)
    else:
        # The key that signs, and the one that opens what is sealed for the node.
        code, secret = _code(), secrets.token_bytes(32 + sealing.KEY_BYTES)
        public, opens = SigningKey(secret[:32]).public, sealing.public_of(secret[32:])
    with desk.transaction() as store:
        earlier = desk.directory.incarnations(node)
        named = witness or (earlier[-1].witness if earlier else "")
        member = desks.admit(desk, store.session, node, public, witness=named, sealing=opens)
        _serve(store.session, node, facilities)
    publishing.publish(desk, at=at)
    while answering.tend(desk, at=at, is_night=True):
        continue
    # Those who have booked there come with the file, sealed for the node.
    sharing.tend(desk, today=clock.local_day(clock.now()), at=at)
    desk.settle()
    served = _served(desk, node)
    header = {"format": FORMAT, "node": node, "number": number}
    header |= {"introduction": desks.introduce(desk)}
    if secret:
        header |= _sealed(header, secret, code)
    documents = _write(desk, out, header, served)
    return Admitted(node, member.incarnation, tuple(served), code, documents)


def officer(desk: Desk, name: str, out: Path) -> str:
    """Certify somebody whose signature counts when a holder and its witness are lost.

    returns   the id of the key that lies in `out` now, and nowhere else
    """
    _check_root(desk)
    if desk.directory.incarnations(name):
        raise NotAdmitted(f"{name}は、すでに使われている名前です。")
    key = desks.new_key(out)
    with desk.transaction() as store:
        desks.admit(desk, store.session, name, key.public, roles=frozenset({"officer"}))
    return key.id


def free_number(desk: Desk) -> int:
    """A first part for booking numbers that no node of this region has been given by this hub."""
    given = len({*desk.directory.nodes()}) + 1
    number = max(desk.settings.node_no + 1, given)
    if number > NUMBER_MAX:
        raise NotAdmitted("予約番号の頭2桁が残っていません。--number で指定してください。")
    return number


def retire(desk: Desk, node: str, today: date, *, at: int) -> dict[str, Any]:
    """Out of service for good: here, or another node that holds nothing any more.

    raises   NotAdmitted
    """
    if node == desk.name:
        if desk.is_home:
            raise NotAdmitted("本部は廃止できません。")
        moved = starting.leave(desk, today, at=at)
        if moved.kept:
            raise NotAdmitted(f"台帳{len(moved.kept)}件を戻せませんでした。")
        desk.suspend(RETIRED)
        return {"node": node, "given": len(moved.given), "facilities": 0}
    _check_root(desk)
    if not desk.directory.incarnations(node):
        raise NotAdmitted(f"{node}という拠点はありません。")
    if held := moving.held_by(desk, node, today):
        raise NotAdmitted(
            f"{node}は台帳を{len(held)}件保持しています。"
            f"先に、その機械で node retire を、"
            f"失われた機械なら node adopt {node} を実行してください。"
        )
    table = table_of(FacilityNode)
    with desk.transaction() as store:
        gone = store.session.connection().execute(delete(table).where(table.c.node == node))
        raise_catalogue_version(store.session)
    publishing.publish(desk, at=at)
    return {"node": node, "given": 0, "facilities": gone.rowcount}


def _check_root(desk: Desk) -> None:
    if not (desk.folder / "region-key").exists():
        raise NotAdmitted("地域の鍵がありません。地域を始めた本部の機械で実行してください。")


def _serve(session: Any, node: str, facilities: Sequence[int]) -> None:
    known = set(session.scalars(select(Facility.id).where(Facility.id.in_(facilities))))
    if missing := sorted(set(facilities) - known):
        raise NotAdmitted(f"施設番号{missing[0]}がありません。")
    table = table_of(FacilityNode)
    session.execute(delete(table).where(table.c.facility_id.in_(facilities)))
    for facility_id in sorted(known):
        session.execute(insert(table).values(facility_id=facility_id, node=node, days=3))
    raise_catalogue_version(session)


def _served(desk: Desk, node: str) -> dict[int, str]:
    """The facilities that this node serves, with their towns."""
    query = (
        select(Facility.id, Facility.municipality_code)
        .join(FacilityNode, FacilityNode.facility_id == Facility.id)
        .where(FacilityNode.node == node)
        .order_by(Facility.id)
    )
    with desk.database.session() as session:
        return {row.id: row.municipality_code for row in session.execute(query)}


def _write(desk: Desk, out: Path, header: dict[str, Any], served: dict[int, str]) -> int:
    towns = set(served.values())

    def is_theirs(chain: str) -> bool:
        scope, name = scope_of(chain), sheets.parsed(chain)
        is_town_log = is_log(chain) and scope.partition("-")[0] in towns
        return scope == "public" or is_town_log or (name is not None and name.facility_id in served)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        documents = bundle.export(desk.node, path, scope=is_theirs)
        content = path.read_bytes()
    desks.write_bytes(out, orjson.dumps(header) + b"\n" + content)
    return documents


def _requested(desk: Desk, node: str, path: Path) -> tuple[str, str]:
    """The public halves of the new keys of a machine that is being restored: that signs, that
    opens."""
    asked = _json(path.read_bytes())
    public, region = asked.get("public"), desk.directory.region
    if asked.get("format") != REQUEST or not isinstance(public, str):
        raise NotAdmitted("復元の申請ファイルではありません。")
    if (asked.get("node"), asked.get("region")) != (node, region):
        raise NotAdmitted("別の拠点、または別の地域の申請です。")
    if not desk.directory.incarnations(node):
        raise NotAdmitted(f"{node}という拠点はありません。")
    opens = asked.get("sealing", "")
    if not isinstance(opens, str) or (opens and not sealing.is_public(opens)):
        raise NotAdmitted("復元の申請ファイルではありません。")
    return public, opens


def _code() -> str:
    letters = [secrets.choice(LETTERS) for _ in range(CODE_LETTERS)]
    return "-".join("".join(letters[n : n + GROUP]) for n in range(0, CODE_LETTERS, GROUP))


def _sealed(header: dict[str, Any], secret: bytes, code: str) -> dict[str, str]:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = AESGCM(_stretched(code, salt)).encrypt(nonce, secret, canonical(header))
    return {"salt": salt.hex(), "nonce": nonce.hex(), "sealed": b64encode(sealed).decode()}


def _stretched(code: str, salt: bytes) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter in LETTERS)
    return Scrypt(salt=salt, **SCRYPT).derive(plain.encode())


# At the new machine


def begin(settings: Settings, file: Path, code: str, *, at: int) -> Desk:
    """Make this machine the node that the file is for; it can serve then.

    raises   NotAdmitted
    """
    folder = settings.data_dir / "node"
    if (folder / "desk.json").exists():
        raise NotAdmitted(f"この機械には、すでに台帳があります。({folder})")
    header, content = _opened(file)
    secret = _unsealed(header, code)
    folder.mkdir(parents=True, exist_ok=True)
    # A file of an earlier program has the key that signs, and no other.
    own, opens = secret[:32], secret[32:]
    desks.keep_key(folder / "key", own)
    desks.join(folder, header["node"], header["introduction"], number=header["number"])
    chosen = settings.model_copy(update={"node_name": header["node"], "node_no": header["number"]})
    database = Database(chosen.url, threads=1)
    schema.ensure(database)
    desk = open_desk(database, chosen)
    if opens:
        with desk.transaction() as store:
            party_feed.begin(store.session, desk.key.id, opens)
    _make_witness(desk)
    _take(desk, content)
    again(desk, at=at)
    return desk


def _make_witness(desk: Desk) -> None:
    """A first incarnation's witness begins empty; a lost one is never begun again."""
    where = desk.settings.witnesses.get(desk.node.me.witness)
    if where and desk.node.me.incarnation == 1 and not Path(where).exists():
        FileWitness.create(Path(where))


def again(desk: Desk, *, at: int) -> None:
    """S8, S9: read the witness; a later incarnation takes over what the earlier ones held.

    raises   NotAdmitted where the witness does not answer: suspended until it does
    """
    try:
        desk.node.start()
        desk.node.begin_again()
        desk.node.reclaim(at=at)
    except Silent as error:
        desk.suspend("控え(証人)をまだ読めていません。")
        raise NotAdmitted(
            f"控え「{desk.node.me.witness}」を読めません。TONARI_WITNESSESを確認し、"
            f"もう一度実行してください。({error})"
        ) from error
    desk.resume()
    desk.settle()


def ask_again(desk: Desk, out: Path) -> None:
    """A restored machine: a new key, and a request that the hub certifies. Suspended until then."""
    key = desks.new_key(desk.folder / NEXT_KEY)
    desk.suspend(RESTORING)
    opens = secrets.token_bytes(sealing.KEY_BYTES)
    with desk.transaction() as store:
        # What opened the boxes of the machine that was copied is not used any more.
        party_feed.begin(store.session, key.id, opens)
    asked = {"format": REQUEST, "region": desk.directory.region, "node": desk.name}
    asked |= {"public": key.public, "sealing": sealing.public_of(opens)}
    desks.write_bytes(out, orjson.dumps(asked) + b"\n")


def restore(desk: Desk, file: Path, *, at: int) -> Desk:
    """Begin again with the key that was asked for, as the next incarnation.

    raises   NotAdmitted
    """
    header, content = _opened(file)
    introduction = header["introduction"]
    folder, region = desk.folder, desk.directory
    if (header["node"], introduction["root"]) != (desk.name, region.root):
        raise NotAdmitted("別の拠点、または別の地域のファイルです。")
    try:
        key = SigningKey(bytes.fromhex((folder / NEXT_KEY).read_text()))
    except FileNotFoundError:
        if desk.node.me.incarnation == 1:
            raise NotAdmitted("先に node restore --request FILE を実行してください。") from None
        key = desk.key
    for certificate in introduction["certificates"]:
        region.add(certificate)
    if region.member(key.id) is None:
        raise NotAdmitted("この機械の新しい鍵は、このファイルで認められていません。")
    if (folder / NEXT_KEY).exists():
        # First who we may be, then the key: a crash between the two is mended by the same command.
        desks.join(folder, desk.name, introduction, number=header["number"])
        (folder / NEXT_KEY).replace(folder / "key")
    renewed = open_desk(desk.database, desk.settings)
    _take(renewed, content)
    again(renewed, at=at)
    return renewed


def _take(desk: Desk, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle"
        path.write_bytes(content)
        bundle.load(desk.node, path)
    with desk.transaction() as store:
        desk.keep(store.session)


def _opened(file: Path) -> tuple[dict[str, Any], bytes]:
    first, _, content = file.read_bytes().partition(b"\n")
    header = _json(first)
    if header.get("format") != FORMAT or not {"node", "number", "introduction"} <= header.keys():
        raise NotAdmitted("拠点のファイルではありません。")
    return header, content


def _unsealed(header: dict[str, Any], code: str) -> bytes:
    if "sealed" not in header:
        raise NotAdmitted("復元用のファイルです。その機械で node restore を実行してください。")
    plain = {part: header[part] for part in ("format", "node", "number", "introduction")}
    try:
        salt, nonce = bytes.fromhex(header["salt"]), bytes.fromhex(header["nonce"])
        opener = AESGCM(_stretched(code, salt))
        return opener.decrypt(nonce, b64decode(header["sealed"]), canonical(plain))
    except (InvalidTag, ValueError, KeyError) as error:
        raise NotAdmitted("合言葉が違うか、ファイルが書き換えられています。") from error


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
