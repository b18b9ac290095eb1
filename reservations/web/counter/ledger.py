"""台帳: what this desk holds, what waits for an answer, what people must look at, whom to tell."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import render_template

from reservations.queries import ledger, letters
from reservations.rules.rights import Right
from reservations.web.auth import Who, guard
from reservations.web.language import gettext
from reservations.web.rights import facilities, needs
from reservations.web.services import memory, now, services, session, today
from sync.store import Aside

blueprint = APIBlueprint("ledger", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)


@blueprint.get("/ledger")
@needs(Right.LOOK)
def page() -> str:
    desk = services().desk
    contact = ledger.contact(desk)
    return render_template(
        "counter/ledger.html",
        desk=desk,
        reasons={
            Aside.BAD_SIGNATURE.value: gettext("署名が書いた人のものではありません"),
            Aside.NOT_ALLOWED.value: gettext("書いた人に書く権限がありません"),
            Aside.FORK.value: gettext("同じ番号の記入が二つあります"),
        },
        standing=ledger.standing(session(), desk, today=today()),
        looked_at=facilities(Right.LOOK),
        contact=contact,
        is_cut_off=contact.is_cut_off(now()),
        places=memory().catalogue.places,
        letters=letters.counts(session(), facilities(Right.TELL_PEOPLE)),
    )
