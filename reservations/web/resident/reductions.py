"""減免: whoever has booked asks for a reduction on their booking's page."""

from __future__ import annotations

from uuid import UUID

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from reservations.actions.reductions import WORDS_MAX, AskRequest, ask
from reservations.errors import Refusal, RefusalCode
from reservations.web import auth
from reservations.web.auth import Who, guard
from reservations.web.language import gettext
from reservations.web.reductions import said_of_fee
from reservations.web.refusals import sentence
from reservations.web.resident.bookings import confirmation, own
from reservations.web.services import context, lead_back, session

blueprint = APIBlueprint("own_reductions", __name__, enable_openapi=False)
guard(blueprint, Who.SIGNED_IN)


@blueprint.post("/bookings/<uuid:booking_id>/reduction")
def wish(booking_id: UUID) -> Response | tuple[str, int]:
    booking = own(booking_id)
    here = url_for("bookings.one", booking_id=booking.id)
    lead_back(here)
    words = " ".join(request.form.get("words", "").split())
    if len(words) > WORDS_MAX or not words.isprintable():
        told = gettext("%(most)s文字までの文字で入れてください。", most=WORDS_MAX)
        return confirmation(booking, reduction_errors={"words": told}), 422
    clause = request.form.get("clause", "")
    asked = AskRequest(booking.id, clause, words, has_entrance_fee=said_of_fee())
    key = auth.form_key(request.form.get("key", ""), asked)
    try:
        ask(session(), asked, context(auth.actor(), key=key))
    except Refusal as refusal:
        if refusal.code is RefusalCode.REDUCTION_ASKED:
            # The second click of two: what was wanted is done.
            return redirect(f"{here}#reduction", 303)
        field = "entrance_fee" if refusal.code is RefusalCode.ENTRANCE_FEE else "clause"
        return confirmation(booking, reduction_errors={field: sentence(refusal)}), 422
    return redirect(f"{here}#reduction", 303)
