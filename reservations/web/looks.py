"""Who was shown whose data: noted after every page of the counter, and told to that person.

Names are read by queries/parties.py alone, which notes whose; what has names otherwise (the text of
a paper that was issued) says so itself. Nothing leaves the house before it is written down.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response, g, request

from reservations.actions.trail import note_looks
from reservations.queries import parties
from reservations.web import auth
from reservations.web.language import N_
from reservations.web.services import context, services, session

# The counter's pages, as people know them; by blueprint.
PAGES: Mapping[str, str] = {
    "approval": N_("審査"),
    "board": N_("窓口の一日の表"),
    "booking_papers": N_("予約の書類"),
    "counter_bookings": N_("予約の画面"),
    "delegates": N_("代理の登録"),
    "items": N_("鍵と備品"),
    "letters": N_("知らせ"),
    "money": N_("料金と領収書"),
    "paper": N_("紙の入力"),
    "groups": N_("団体の名簿"),
    "people": N_("利用者の画面"),
    # `tonari print` (commands/printing.py).
    "print": N_("書類の印刷"),
    "reductions": N_("減免の決定"),
    "timetables": N_("利用日程表"),
    "trail": N_("監査の記録"),
}
COUNTER = N_("窓口の画面")


def install(app: Flask) -> None:
    """For the counter; residents see nobody but themselves."""
    app.after_request(_keep)


def _keep(response: Response) -> Response:
    """Only what was shown counts: an answer that leads elsewhere has shown nothing."""
    found = parties.take_looked_at(session()) if "session" in g else frozenset()
    if found and response.status_code < 300 and request.blueprint is not None:
        with services().database.session() as own:
            note_looks(own, found, request.blueprint, context(auth.actor()))
    return response
