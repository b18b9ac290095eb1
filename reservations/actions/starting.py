"""A desk begins its day and ends it: what is compared first, and what is said to the others (S8).

A node that has a witness writes nothing before it has read it. One that goes in an orderly way
hands its sheets back and says so; one that comes says so, and is handed the near dates again.
"""

from __future__ import annotations

from datetime import date

from reservations.actions import moving
from reservations.desk import Desk
from sync import ledger
from sync.witness import Silent

# No facility's day: where desks say that they come and go.
SHEET = "public/nodes"
PRESENT, AWAY = "present", "away"

NOT_COMPARED = "控え(証人)をまだ読めていません。"
COPIED = (
    "控え(証人)に、この機械の記録にない自分の記入があります。"
    "古い複製か、復元された機械です。tonari node restore を実行してください。"
)


def needs_start(desk: Desk) -> bool:
    """A hub without a witness has nobody to compare itself with."""
    return desk.has_witness or not desk.is_home


def prepare(desk: Desk) -> None:
    """Before anybody is served: nothing is written until the witness has been read."""
    if desk.has_witness and not desk.why_suspended():
        desk.suspend(NOT_COMPARED)


def start(desk: Desk, *, at: int) -> bool:
    """Verify the chains, read the witness, and say that we are here. False: suspended as before.

    A witness that has lines of ours which we do not know tells that this machine is a copy: only a
    new incarnation may go on (S9). What a failing disk has lost, and got back, is no such line.

    at   milliseconds; any clock
    """
    if not needs_start(desk):
        return True
    if desk.why_suspended() not in ("", NOT_COMPARED):
        return False
    try:
        receipt = desk.node.start()
    except Silent:
        desk.suspend(NOT_COMPARED)
        return False
    mended = {line.chain for line in receipt.gone}
    if any(line.author == desk.key.id and line.chain not in mended for line in receipt.applied):
        desk.suspend(COPIED)
        return False
    desk.resume()
    say(desk, PRESENT, at=at)
    return True


def leave(desk: Desk, today: date, *, at: int) -> moving.Moved:
    """An orderly stop: everything from today on goes home, and the hub hears that we are away."""
    if desk.is_home or desk.why_suspended():
        return moving.Moved((), {})
    moved = moving.hand_back(desk, today, at=at)
    say(desk, AWAY, at=at)
    return moved


def say(desk: Desk, kind: str, *, at: int) -> None:
    """Tell the region that this desk comes or goes. The hub says nothing."""
    if desk.is_home:
        return
    with desk.transaction() as store:
        ledger.post(store.session, desk.node, SHEET, kind, at=at, data={"node": desk.name})
    desk.settle(is_quiet=True)
