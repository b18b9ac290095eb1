"""窓口での利用者登録: a clerk registers somebody, corrects how they are called and reached, and
sets what a town believes of them.

Whoever changes something says what they saw before: if it is different by now, nothing is written,
and both are shown. The other desks hear of it sealed (actions/sharing.py).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reservations import party_feed
from reservations.actions.step import Context, action
from reservations.clock import local_day
from reservations.db import insert_new, run
from reservations.errors import Refusal, RefusalCode, strongest
from reservations.events import AccountOpened, PartyCorrected, PartyRegistered, ResidencySet
from reservations.models import Account, Party, PartyResidency, PartyUnsaid
from reservations.models.base import table_of
from reservations.queries import groups, memory, people
from reservations.rules import registration
from reservations.rules.registration import NOTHING_BELIEVED, Believed
from reservations.rules.town import Residency

_PARTY, _RESIDENCY = table_of(Party), table_of(PartyResidency)
_UNSAID = table_of(PartyUnsaid)


@dataclass(frozen=True, slots=True)
class Contact:
    """How somebody is called and reached. The kana is in one form (web/forms.py: fold_kana)."""

    name: str
    kana: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class RegisterPartyRequest:
    """A person or a group without a login, and what the first town believes of them.

    kind   person or group
    """

    kind: str
    contact: Contact
    town: str
    believed: Believed


@dataclass(frozen=True, slots=True)
class CorrectRequest:
    """before: what the clerk saw when they began to type."""

    party_id: str
    before: Contact
    after: Contact


@dataclass(frozen=True, slots=True)
class ResidencyRequest:
    """before, after: what the town believed when the clerk looked, and is to believe from now on;
    outside ends what it believed."""

    party_id: str
    town: str
    before: Believed
    after: Believed


@dataclass(frozen=True, slots=True)
class OpenAccountRequest:
    """login: folded (web/auth.py: fold_login). The password is nobody's: they come by links."""

    party_id: str
    login: str
    password_hash: str


@action("register_party")
def register_party(
    session: Session, request: RegisterPartyRequest, context: Context, party_id: str
) -> PartyRegistered:
    """Make a party that comes to the counter.

    raises   Refusal not_found (town, document), until_wrong; for a group that is local at once, as
             `set_residency` does: where a town asks for a roster, it has none yet
    """
    _check(session, request.town, request.believed, context)
    if request.kind == "group" and request.believed.residency.is_local:
        _check_group(session, party_id, request.town, context)
    is_resident = request.believed.residency is Residency.RESIDENT
    home = request.town if is_resident else None
    contact = _columns(request.contact)
    columns = {"id": party_id, "kind": request.kind, "home_code": home, "created_at": context.now}
    run(session, insert(_PARTY), columns | contact)
    _believe(session, party_id, request.town, request.believed)
    is_news(session, party_id)
    return PartyRegistered(subject=party_id, kind=request.kind, home_code=home)


@action("correct_party", subject=lambda request: request.party_id)
def correct_party(
    session: Session, request: CorrectRequest, context: Context, party_id: str
) -> PartyCorrected:
    """Correct name, kana, telephone or mail.

    raises   Refusal party_not_here; changed_meanwhile where it is not any more what the clerk saw
    """
    now = known_contact(session, party_id)
    if now != request.before:
        raise Refusal(RefusalCode.CHANGED_MEANWHILE)
    after = _columns(request.after)
    run(session, update(_PARTY).where(_PARTY.c.id == party_id).values(**after))
    is_news(session, party_id)
    changed = [name for name, text in after.items() if text != getattr(now, name)]
    return PartyCorrected(subject=party_id, fields=tuple(changed))


@action("set_residency", subject=lambda request: request.party_id)
def set_residency(
    session: Session, request: ResidencyRequest, context: Context, party_id: str
) -> ResidencySet:
    """Set, renew or end what one town believes of a party.

    raises   Refusal party_not_here; changed_meanwhile; not_found (town, document); until_wrong; of
             a group roster_too_small, roster_not_local, roster_overlaps, roster_uncompared
    """
    known_contact(session, party_id)
    known = people.believed(session, party_id).get(request.town, NOTHING_BELIEVED)
    if known != request.before:
        raise Refusal(RefusalCode.CHANGED_MEANWHILE)
    _check(session, request.town, request.after, context)
    is_group = session.get_one(Party, party_id).kind == "group"
    if is_group and request.after.residency.is_local:
        _check_group(session, party_id, request.town, context)
    _believe(session, party_id, request.town, request.after)
    is_news(session, party_id)
    after = request.after
    return ResidencySet(
        subject=party_id,
        town=request.town,
        residency=after.residency.value,
        seen=after.seen,
        until=after.until.isoformat() if after.until else None,
    )


@action("open_account", turn=lambda request: request.party_id)
def open_account(
    session: Session, request: OpenAccountRequest, context: Context, account_id: str
) -> AccountOpened:
    """Give a login to a party that came to the counter and has none.

    raises   Refusal party_not_here; login_taken, also where the party has one by now
    """
    known_contact(session, request.party_id)
    table = table_of(Account)
    mine = select(table.c.id).where(table.c.party_id == request.party_id)
    row = {"id": account_id, "party_id": request.party_id, "login": request.login}
    row |= {"password_hash": request.password_hash, "role": "resident", "locale": "ja"}
    try:
        if run(session, mine.limit(1)).first() is None:
            run(session, insert(table), row | {"created_at": context.now})
            return AccountOpened(subject=account_id, party=request.party_id)
    except IntegrityError:
        pass
    raise Refusal(RefusalCode.LOGIN_TAKEN)


def known_contact(session: Session, party_id: str) -> Contact:
    """What is known here of a party, until the commit: what comes from other desks waits.

    raises   Refusal party_not_here for a name that has not come, or was forgotten
    """
    party_feed.lock(session)
    names = [_PARTY.c[each.name] for each in fields(Contact)]
    row = run(session, select(*names).where(_PARTY.c.id == party_id)).one_or_none()
    if row is None or not row.name or party_feed.known_forgotten(session, party_id):
        raise Refusal(RefusalCode.PARTY_NOT_HERE)
    return Contact(*row)


def _check(session: Session, town: str, believed: Believed, context: Context) -> None:
    towns = memory.current(session).catalogue.towns
    today = local_day(context.now)
    if town not in towns:
        raise Refusal(RefusalCode.NOT_FOUND)
    rules = towns[town].rules_on(today)
    found = registration.refusals(believed, today=today, rules=rules)
    if found:
        raise strongest(found)


def _check_group(session: Session, party_id: str, town: str, context: Context) -> None:
    today = local_day(context.now)
    rules = memory.current(session).catalogue.towns[town].rules_on(today)
    found = groups.refusals(session, party_id, town, today=today, rules=rules)
    if found:
        raise strongest(found)


def _believe(session: Session, party_id: str, town: str, believed: Believed) -> None:
    mine = _RESIDENCY.c.party_id == party_id, _RESIDENCY.c.municipality_code == town
    run(session, delete(_RESIDENCY).where(*mine))
    if believed.residency.is_local:
        row = {
            "party_id": party_id,
            "municipality_code": town,
            "residency": believed.residency.value,
            "valid_until": believed.until,
            "seen": believed.seen,
        }
        run(session, insert(_RESIDENCY), row)


def is_news(session: Session, party_id: str) -> None:
    """The other desks have yet to hear of this party as it is now."""
    run(session, insert_new(session, _UNSAID), {"party_id": party_id})


def _columns(contact: Contact) -> dict[str, str]:
    return {each.name: getattr(contact, each.name) for each in fields(Contact)}
