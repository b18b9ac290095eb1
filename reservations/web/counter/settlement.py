"""精算: which town has whose money of a month, and closing a month at the hub."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from apiflask import APIBlueprint
from flask import Response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as Answer

from reservations import documents
from reservations.actions.settlement import CloseMonthRequest, close_month
from reservations.errors import Refusal, RefusalCode
from reservations.queries import settlement
from reservations.queries.settlement import Pair
from reservations.rules.rights import Right
from reservations.web import auth, language, papers
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.refusals import sentence
from reservations.web.rights import needs, towns
from reservations.web.services import context, lead_back, memory, now, services, session, today

blueprint = APIBlueprint("settlement", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

MONTHS_SHOWN = 13


@blueprint.get("/settlement")
@needs(Right.SEE_MONEY)
def page() -> str:
    return _page(_month(request.args.get("month", "")) or _last_month())


def _page(month: date, errors: Mapping[str, str] | None = None) -> str:
    there = towns(Right.SEE_MONEY)
    found = _pairs(month, there)
    closed = {row.town: row for row in settlement.closings(session()) if row.month == month}
    is_over = settlement.last_day(month) < today()
    may_close = towns(Right.CLOSE_DAY) if _is_home() and is_over else frozenset()
    return render_template(
        "counter/settlement.html",
        month=month,
        months=_months(),
        pairs=found,
        nets=settlement.nets(found),
        towns=memory().catalogue.towns,
        closed=closed,
        to_close=[code for code in sorted(may_close) if _is_open(code, month)],
        is_home=_is_home(),
        is_over=is_over,
        errors=errors or {},
    )


@blueprint.post("/settlement/close")
@needs(Right.CLOSE_DAY, about.closing_town)
def close() -> Answer | tuple[str, int]:
    month = _month(request.form.get("month", "")) or _last_month()
    here = url_for("settlement.page", month=f"{month:%Y-%m}")
    lead_back(here)
    try:
        wish = CloseMonthRequest(request.form.get("town", ""), month)
        close_month(session(), wish, context(auth.actor()))
    except Refusal as refusal:
        if refusal.code is RefusalCode.NOT_FOUND:
            raise
        return _page(month, {"town": sentence(refusal)}), 422
    return to(here, 303)


@blueprint.get("/settlement/<month_text>/<giver>/<taker>.pdf")
@needs(Right.SEE_MONEY, about.settled_towns)
def sheet(month_text: str, giver: str, taker: str) -> Response:
    """精算書 of two towns, in one direction."""
    month = _found(_month(month_text))
    if giver not in memory().catalogue.towns:
        raise Refusal(RefusalCode.NOT_FOUND)
    at: datetime | None = None
    for row in settlement.closings(session()):
        if (row.town, row.month) == (giver, month):
            at = row.closed_at
    nothing = Pair(giver, taker, at is not None, 0, 0, ())
    found = {(each.account_town, each.town): each for each in _pairs(month, {giver})}
    pair = found.get((giver, taker), nothing)
    document = documents.settlement_sheet(
        pair,
        month,
        memory().catalogue.towns,
        node=services().settings.node_name,
        at=at or now(),
        closed_at=at,
    )
    name = f"settlement-{month:%Y-%m}-{giver}-{taker}"
    return papers.pdf(document.draw().pdf, name=name, title=f"市町間精算書_{month:%Y-%m}")


@blueprint.get("/settlement/<month_text>.csv")
@needs(Right.SEE_MONEY)
def table(month_text: str) -> Response:
    month = _found(_month(month_text))
    pairs = _pairs(month, towns(Right.SEE_MONEY))
    content = documents.settlement_csv(pairs, month, memory().catalogue.towns)
    answer = Response(content, content_type="text/csv; charset=utf-8")
    name = f'attachment; filename="settlement-{month:%Y-%m}.csv"'
    answer.headers["Content-Disposition"] = name
    return answer


def _pairs(month: date, there: Collection[str]) -> list[Pair]:
    """Those in which one of these towns has a part."""
    found = settlement.pairs(session(), month, is_home=_is_home())
    return [pair for pair in found if pair.account_town in there or pair.town in there]


def _is_home() -> bool:
    return services().desk.is_home


def _is_open(town: str, month: date) -> bool:
    last = settlement.last_closed(session(), town)
    return last is None or last < month


def _last_month() -> date:
    return settlement.month_of(settlement.month_of(today()) - timedelta(days=1))


def _months() -> list[tuple[str, str]]:
    found = [settlement.month_of(today())]
    while len(found) < MONTHS_SHOWN:
        found.append(settlement.month_of(found[-1] - timedelta(days=1)))
    return [(f"{month:%Y-%m}", language.month_text(month)) for month in found]


def _month(text: str) -> date | None:
    """2026-11, as its first day."""
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return None


def _found(month: date | None) -> date:
    """raises   Refusal not_found"""
    if month is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return month
