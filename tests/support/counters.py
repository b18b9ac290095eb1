"""The screens of staff at two desks with a line between them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from reservations.app import create_app
from reservations.db import write_transaction
from reservations.models import Account, Party
from tests import town
from tests.support.desks import Office
from tests.support.site import Site
from tests.town import NOW

PHONE = "076-200-0000"


def a_counter(office: Office, *, audience: str = "counter", now: datetime = NOW) -> Site:
    """`account-staff` works at this desk, in every role; the resident has a telephone."""
    with office.database.session() as session, write_transaction(session):
        if session.get(Account, "account-staff") is None:
            town.a_resident(session, "staff", home=None)
            staff = session.get_one(Account, "account-staff")
            staff.role, staff.party_id = "staff", None
            town.every_role(session, staff.id)
        named = update(Party).where(Party.id == "party-resident")
        session.execute(named.values(kana="となりの はるか", phone=PHONE))
    return a_screen(office, audience=audience, now=now)


def a_screen(office: Office, *, audience: str = "resident", now: datetime = NOW) -> Site:
    """The screens of this desk; its clock may be set."""
    app = create_app(
        office.desk.settings,
        audience=audience,
        now=lambda: made.now,
        database=office.database,
    )
    made: Site = Site(app, office.database, office.region, now, audience)
    return made
