"""The hub begins again from last night's copy: the only documented way (S9).

Everything told since the copy was made lies with its witness, in the mailboxes, or on the sticks of
its nodes. Each step may be done twice, so the command is run again wherever it stopped; nothing is
promised until all of it has been read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reservations import desk as desks
from reservations.actions import answering, entering, publishing
from reservations.actions.packs import never_again
from reservations.desk import Desk
from reservations.models import Booking
from reservations.models.bookings import SERIAL
from reservations.projection import open_desk
from reservations.stick import NEXT_KEY, NotAdmitted
from sync.carriers import bundle
from sync.document import SigningKey
from sync.witness import Silent

RESTORING = "本部の復元の途中です。tonari node restore をもう一度実行してください。"

# Carries everything between this desk and its mailboxes; what went wrong, by mailbox.
Carry = Callable[[Desk], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Renewed:
    """The hub that may promise again. `came_back`: bookings that the copy did not have."""

    desk: Desk
    came_back: int


def restore_hub(desk: Desk, *, files: Sequence[Path] = (), carry: Carry, at: int) -> Renewed:
    """Begin again as the next incarnation; suspended until everything that can be read is read.

    files    written by `tonari sync export` at the nodes, where a stick is the mailbox
    raises   NotAdmitted, with what is missing: the command is run again then
    """
    if not (desk.folder / "region-key").exists():
        raise NotAdmitted(
            "地域の鍵(region-key)がありません。控えておいたものを"
            f" {desk.folder} に戻してから、もう一度実行してください。"
        )
    _make_key(desk)
    desk.suspend(RESTORING)
    renewed = _renew(desk)
    before = _bookings(renewed)
    _read_everything(renewed, files, carry)
    renewed.node.begin_again()
    with renewed.transaction() as store:
        entering.note_written(store.session, renewed)
        never_again(store.session, renewed.settings.node_no)
        _raise_serial(store.session, renewed.settings.node_no)
    renewed.node.reclaim(at=at)
    renewed.settle()
    renewed.resume()
    renewed.node.why_suspended = ""
    publishing.publish(renewed, at=at)
    while answering.tend(renewed, at=at, is_night=True):
        continue
    # What has begun again is told to the others; whoever is silent now hears it from `serve`.
    carry(renewed)
    return Renewed(renewed, _bookings(renewed) - before)


def _make_key(desk: Desk) -> None:
    """A new key beside the old one, unless an earlier run has made it, or uses it already."""
    if (desk.folder / NEXT_KEY).exists() or desk.why_suspended() == RESTORING:
        return
    draft = desk.folder / f"{NEXT_KEY}.new"
    desks.new_key(draft)
    draft.replace(desk.folder / NEXT_KEY)


def _renew(desk: Desk) -> Desk:
    """Certify the new key, say who we are, and only then use it: a crash in between is mended by
    the same command."""
    if (desk.folder / NEXT_KEY).exists():
        key = SigningKey(bytes.fromhex((desk.folder / NEXT_KEY).read_text().strip()))
        with desk.transaction() as store:
            if desk.directory.member(key.id) is None:
                me = desk.node.me
                desks.admit(
                    desk, store.session, desk.name, key.public, witness=me.witness, roles=me.roles
                )
            desk.keep(store.session)
        desks.join(desk.folder, desk.name, desks.introduce(desk))
        (desk.folder / NEXT_KEY).replace(desk.folder / "key")
    return open_desk(desk.database, desk.settings)


def _read_everything(desk: Desk, files: Sequence[Path], carry: Carry) -> None:
    """S8: the witness, the mailboxes, the sticks.

    raises   NotAdmitted while one of them cannot be read
    """
    try:
        desk.node.start()
    except Silent as error:
        raise NotAdmitted(
            f"控え「{desk.node.me.witness}」を読めません。TONARI_WITNESSESを確認し、"
            f"もう一度実行してください。({error})"
        ) from error
    for file in files:
        bundle.load(desk.node, file)
    if errors := carry(desk):
        name, why = next(iter(sorted(errors.items())))
        raise NotAdmitted(
            f"通信先 {name} を読めません。つながってから、もう一度実行してください。({why})"
        )
    with desk.transaction() as store:
        desk.keep(store.session)
    # A sheet that came by mail may lie with a witness that was not asked before.
    with contextlib.suppress(Silent):
        desk.node.start()


def _bookings(desk: Desk) -> int:
    with desk.database.session() as session:
        return session.scalar(select(func.count()).select_from(Booking)) or 0


def _raise_serial(session: Session, node_no: int) -> None:
    """No number is given twice that was given after the copy. SQLite counts its rows itself."""
    if session.get_bind().dialect.name != "postgresql":
        return
    given = select(func.coalesce(func.max(Booking.serial), 0)).where(Booking.node_no == node_no)
    last = int(session.scalar(given) or 0)
    following = int(session.connection().execute(select(SERIAL.next_value())).scalar_one())
    if following <= last:
        session.connection().execute(select(func.setval(SERIAL.name, last)))
