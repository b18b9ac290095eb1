"""料金: what a booking owes, cash in and back, its receipts; and the drawer at the end of a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as Answer

from reservations import documents
from reservations.actions import money as actions
from reservations.actions import money_moves, receipts
from reservations.actions.checkouts import RetryRequest, retry_give_back
from reservations.actions.drawers import REASON_MAX, CloseRequest, close_drawer
from reservations.actions.money import (
    HandRequest,
    PayRequest,
    RefundRequest,
)
from reservations.actions.money_moves import MoveRequest
from reservations.actions.reductions import WORDS_MAX, AskRequest, ReduceRequest, ask
from reservations.actions.reductions import reduce as reduce_fee
from reservations.actions.step import Context, by_itself
from reservations.errors import Refusal, RefusalCode
from reservations.queries import bookings, checkouts, dues, money, papers
from reservations.queries.bookings import BookingView
from reservations.rules.money import (
    BROUGHT,
    FACES_YEN,
    WITHOUT_RECEIPT,
    Method,
    change_yen,
)
from reservations.rules.rights import Right
from reservations.web import auth
from reservations.web import papers as web_papers
from reservations.web.auth import Who, guard
from reservations.web.counter import about
from reservations.web.counter.numbers import booking_of, unknown, whole_yen
from reservations.web.forms import Malformed, three_part_date
from reservations.web.language import N_, gettext
from reservations.web.reductions import fee_options, of_booking, said_of_fee, seen_of, seen_options
from reservations.web.refusals import sentence
from reservations.web.rights import demand, facilities, may, needs, towns
from reservations.web.services import context, lead_back, memory, now, services, session, today

blueprint = APIBlueprint("money", __name__, enable_openapi=False)
guard(blueprint, Who.STAFF)

METHODS: Mapping[str, str] = {
    Method.CASH.value: N_("現金"),
    Method.COUPON.value: N_("回数券など"),
    Method.TRANSFER.value: N_("振込"),
    Method.ONLINE.value: N_("オンライン"),
    Method.MOVED.value: N_("充当"),
}
PAY_METHODS = {method.value: METHODS[method.value] for method in BROUGHT}
STATUSES: Mapping[str, str] = {
    "asked": N_("台帳を持つ拠点の返事を待っています"),
    "written": N_("控えに届くのを待っています"),
    "decided": N_("決定"),
    "refused": N_("還付できません"),
}
# How a refund stands at the payment service.
BACK_STATES: Mapping[str, str] = {
    "": N_("これから、本部の端末が支払いサービスに返金を頼みます"),
    "asked": N_("支払いサービスの返事を待っています。何度でも頼みます"),
    "given": N_("支払いに使ったところへ返しました"),
    "failed": N_("支払いサービスが返金を断りました"),
}
# At which field a refusal stands.
FIELDS: Mapping[RefusalCode, str] = {
    RefusalCode.GIVEN_TOO_LITTLE: "given",
    RefusalCode.NOT_TO_REFUND: "back",
    RefusalCode.OTHER_PARTY: "other",
    RefusalCode.REDUCTION_WRONG: "percent",
    RefusalCode.ENTRANCE_FEE: "entrance_fee",
    RefusalCode.DIFFERENCE_UNEXPLAINED: "reason",
}
_WORDS_MAX = 100


@blueprint.get("/money")
@needs(Right.SEE_MONEY)
def page() -> str | tuple[str, int]:
    typed = request.args.get("number", "").strip()
    if not typed:
        return render_template("counter/money.html", typed="", booking=None, errors={})
    found = booking_of(typed)
    if found is None or found.party_id is None:
        none = render_template("counter/money.html", typed=typed, booking=None, errors=unknown())
        return none, 422
    return _page(found)


def _page(booking: BookingView, errors: Mapping[str, str] | None = None) -> str:
    demand(Right.SEE_MONEY, booking.unit.place)
    lead_back(url_for("money.page", number=booking.number))
    found = money.statement(session(), booking.id)
    assert found is not None and booking.party_id is not None, booking.id
    node_no = services().settings.node_no
    return render_template(
        "counter/money.html",
        typed=booking.number,
        booking=booking,
        who=papers.party_name(session(), booking.party_id)
        if may(Right.SEE_PEOPLE, booking.unit.place)
        else None,
        found=found,
        node_no=node_no,
        methods=METHODS,
        pay_methods=PAY_METHODS,
        statuses=STATUSES,
        without_receipt={each.value for each in WITHOUT_RECEIPT},
        moves_to=_moves_to(booking),
        paid=next((each for each in found.payments if each.id == request.args.get("paid")), None),
        refundable=[
            each
            for each in found.payments
            if found.account.over_yen and each.amount_yen > found.refunded.get(each.id, 0)
        ],
        change_yen=change_yen,
        reduction=of_booking(booking),
        seen_options=seen_options(booking.rules.reductions),
        fee_options=fee_options(),
        going=[each for each in checkouts.of_booking(session(), booking.id) if each.next_at],
        backs=checkouts.backs_of(session(), booking.id),
        back_states=BACK_STATES,
        key=auth.new_token(),
        sent=request.form,
        errors=errors or {},
    )


@blueprint.post("/money/bookings/<uuid:booking_id>/pay")
@needs(Right.TAKE_MONEY, about.booking)
def pay(booking_id: UUID) -> Answer | tuple[str, int]:
    booking = _booking(booking_id)
    try:
        given = request.form.get("given", "").strip()
        wish = PayRequest(
            booking.id,
            _yen("amount"),
            Method(_one_of("method", PAY_METHODS)),
            _words("reference"),
            _yen("given") if given else None,
        )
        done = actions.pay(session(), wish, _keyed())
    except (Malformed, Refusal) as wrong:
        return _page(booking, _errors(wrong, "amount")), 422
    return to(url_for("money.page", number=booking.number, paid=str(done)), 303)


@blueprint.post("/money/bookings/<uuid:booking_id>/refund")
@needs(Right.REFUND, about.booking_and_payment)
def refund(booking_id: UUID) -> Answer | tuple[str, int]:
    booking = _booking(booking_id)
    try:
        payment_id = request.form.get("payment", "")
        wish = RefundRequest(payment_id, _yen("back"), _way_back(payment_id))
        actions.refund(session(), wish, _keyed())
    except (Malformed, Refusal) as wrong:
        return _page(booking, _errors(wrong, "back")), 422
    return to(url_for("money.page", number=booking.number), 303)


@blueprint.post("/money/bookings/<uuid:booking_id>/move")
@needs(Right.REFUND, about.booking_and_payment)
def move(booking_id: UUID) -> Answer | tuple[str, int]:
    """充当: what is over pays for another booking."""
    booking = _booking(booking_id)
    other = booking_of(request.form.get("other", "").strip())
    if other is None:
        return _page(booking, {"other": unknown()["number"]}), 422
    demand(Right.REFUND, other.unit.place)
    try:
        wish = MoveRequest(request.form.get("payment", ""), _yen("moved"), other.id)
        money_moves.move_payment(session(), wish, _keyed())
    except (Malformed, Refusal) as wrong:
        return _page(booking, _errors(wrong, "moved")), 422
    money_moves.finish(session(), by_itself(services().settings, now()))
    return to(url_for("money.page", number=other.number, moved=booking.number), 303)


def _moves_to(booking: BookingView) -> str:
    """The number of the booking that took its place; empty where there is none."""
    after = booking.replaced_by
    found = bookings.one(session(), memory(), after) if after is not None else None
    return found.number if found is not None else ""


def _way_back(payment_id: str) -> Method:
    """Through the payment service, where there is one that brought it; else in cash."""
    payment = money.payment(session(), payment_id)
    if payment is None or payment.method != Method.ONLINE.value:
        return Method.CASH
    settings = services().settings
    is_here = payment.node_no == settings.node_no
    return Method.CASH if is_here and not settings.payment_provider else Method.ONLINE


@blueprint.post("/money/bookings/<uuid:booking_id>/refunds/<uuid:refund_id>/retry")
@needs(Right.REFUND, about.booking_and_refund)
def retry(booking_id: UUID, refund_id: UUID) -> Answer | tuple[str, int]:
    """Ask the payment service again for a refund that it refused."""
    booking = _booking(booking_id)
    try:
        retry_give_back(session(), RetryRequest(str(refund_id)), context(auth.actor()))
    except Refusal as wrong:
        if wrong.code is not RefusalCode.NOT_ACTIVE:
            raise
    return to(url_for("money.page", number=booking.number), 303)


@blueprint.post("/money/bookings/<uuid:booking_id>/refunds/<uuid:refund_id>/hand")
@needs(Right.TAKE_MONEY, about.booking_and_refund)
def hand(booking_id: UUID, refund_id: UUID) -> Answer | tuple[str, int]:
    booking = _booking(booking_id)
    try:
        actions.hand(session(), HandRequest(str(refund_id)), context(auth.actor()))
    except Refusal as wrong:
        return _page(booking, _errors(wrong, "back")), 422
    return to(url_for("money.page", number=booking.number), 303)


@blueprint.post("/money/bookings/<uuid:booking_id>/reduce")
@needs(Right.REDUCE, about.booking)
def reduce(booking_id: UUID) -> Answer | tuple[str, int]:
    booking = _booking(booking_id)
    try:
        named = {name: _words(name) for name in ("clause", "evidence", "approved_by")}
        percent = _number("percent", gettext("率は1から100までの整数で入れてください。"))
        reduce_fee(session(), ReduceRequest(booking.id, percent, **named), _keyed())
    except (Malformed, Refusal) as wrong:
        return _page(booking, _errors(wrong, "percent")), 422
    return to(url_for("money.page", number=booking.number), 303)


@blueprint.post("/money/bookings/<uuid:booking_id>/ask-reduction")
@needs(Right.BOOK, about.booking)
def ask_reduction(booking_id: UUID) -> Answer | tuple[str, int]:
    """減免申請 as the counter writes it down, with what was seen."""
    booking = _booking(booking_id)
    try:
        clause, evidence = seen_of(request.form.get("clause", ""))
        asked = AskRequest(booking.id, clause, _words("words", WORDS_MAX), evidence, said_of_fee())
        ask(session(), asked, _keyed())
    except (Malformed, Refusal) as wrong:
        return _page(booking, _errors(wrong, "clause")), 422
    return to(url_for("money.page", number=booking.number), 303)


@blueprint.get("/money/payments/<uuid:payment_id>/receipt.pdf")
@needs(Right.TAKE_MONEY, about.payment)
def receipt(payment_id: UUID) -> Response:
    """領収書, issued when it is first asked for; ?copy=1 is marked 再発行."""
    is_copy = request.args.get("copy") == "1"
    asked = context(auth.actor())
    issued = receipts.receipt(session(), memory(), str(payment_id), asked, is_copy=is_copy)
    name = f"receipt-{issued.number}"
    return web_papers.pdf(issued.pdf, name=name, title=f"領収書_{issued.number}")


@blueprint.get("/money/unpaid")
@needs(Right.SEE_MONEY)
def unpaid() -> str:
    """納期限が過ぎた予約, of the facilities whose people they may telephone."""
    there = facilities(Right.SEE_MONEY) & facilities(Right.SEE_PEOPLE)
    found = dues.overdue(session(), memory(), today=today(), facilities=there)
    return render_template("counter/unpaid.html", found=found)


# 締め


@blueprint.get("/money/day")
@needs(Right.SEE_MONEY, about.desk)
def day() -> str | tuple[str, int]:
    try:
        return _day_page(_asked_day())
    except Malformed as wrong:
        return _day_page(today(), errors=wrong.errors, typed=wrong.values), 422


def _day_page(on: date, *, errors: Mapping[str, str] | None = None, typed: Any = None) -> str:
    return render_template(
        "counter/day.html",
        day=on,
        typed=typed,
        drawer=money.drawer(session(), services().settings.node_no, on),
        towns=memory().catalogue.towns,
        methods=METHODS,
        faces=FACES_YEN,
        sent=request.form,
        errors=errors or {},
    )


@blueprint.post("/money/day/<date_text>/close")
@needs(Right.CLOSE_DAY, about.desk)
def close(date_text: str) -> Answer | tuple[str, int]:
    on = _day_of(date_text)
    try:
        counts = {face: _coins(face) for face in FACES_YEN}
        reason = _words("reason", most=REASON_MAX)
        wish = CloseRequest(on, _yen("fund"), counts, reason)
        close_drawer(session(), wish, context(auth.actor()))
    except (Malformed, Refusal) as wrong:
        return _day_page(on, errors=_errors(wrong, "fund")), 422
    return to(url_for("money.day", date=on.isoformat()), 303)


@blueprint.get("/money/day/<date_text>.pdf")
@needs(Right.SEE_MONEY, about.desk)
def day_sheet(date_text: str) -> Response:
    """日計表: as it was issued, once the day is closed; before that with empty coins."""
    on, asked = _day_of(date_text), context(auth.actor())
    issued = receipts.day_sheet(session(), memory(), on, asked)
    if issued is None:
        content = receipts.day_document(session(), memory(), on, asked).draw().pdf
    else:
        content = issued.pdf
    return web_papers.pdf(content, name=f"day-{on.isoformat()}", title=f"日計表_{on.isoformat()}")


@blueprint.get("/money/day/<date_text>.csv")
@needs(Right.SEE_MONEY, about.desk)
def day_csv(date_text: str) -> Response:
    on = _day_of(date_text)
    there = towns(Right.SEE_MONEY)
    lines = [line for line in money.of_day(session(), on) if line.town in there]
    content = documents.day_csv(lines, memory().catalogue.towns, on)
    answer = Response(content, content_type="text/csv; charset=utf-8")
    name = f'attachment; filename="money-{on.isoformat()}.csv"'
    answer.headers["Content-Disposition"] = name
    return answer


# What was typed


def _booking(booking_id: UUID) -> BookingView:
    """raises   Refusal not_found"""
    found = bookings.one(session(), memory(), str(booking_id))
    if found is None or found.party_id is None:
        raise Refusal(RefusalCode.NOT_FOUND)
    return found


def _keyed() -> Context:
    """The same form sent twice is one: its key was made with the page."""
    said = sorted((name, text) for name, text in request.form.items() if name != "csrf_token")
    told = sha256(repr((request.path, said)).encode()).hexdigest()
    key = request.form.get("key", "")[:_WORDS_MAX] or auth.new_token()
    return context(auth.actor(), key=key, request_hash=told)


def _errors(wrong: Malformed | Refusal, field: str) -> Mapping[str, str]:
    if isinstance(wrong, Malformed):
        return wrong.errors
    if wrong.code is RefusalCode.NOT_FOUND:
        raise wrong
    return {FIELDS.get(wrong.code, field): sentence(wrong)}


def _number(name: str, words: str) -> int:
    """raises   Malformed"""
    found = whole_yen(request.form.get(name, ""))
    if found is None:
        raise Malformed(request.form, {name: words})
    return found


def _yen(name: str) -> int:
    return _number(name, gettext("金額は1,800のように、円の整数で入れてください。"))


def _coins(face: int) -> int:
    name = f"coin_{face}"
    if not request.form.get(name, "").strip():
        return 0
    return _number(name, gettext("枚数は0以上の整数で入れてください。"))


def _words(name: str, most: int = _WORDS_MAX) -> str:
    text = " ".join(request.form.get(name, "").split())
    if len(text) > most or not text.isprintable():
        words = gettext("%(most)s文字までの文字で入れてください。", most=most)
        raise Malformed(request.form, {name: words})
    return text


def _one_of(name: str, among: Mapping[str, str]) -> str:
    asked = request.form.get(name, "")
    return asked if asked in among else next(iter(among))


def _asked_day() -> date:
    """?date=, the three fields, or today; raises Malformed."""
    if any(request.args.get(f"date_{part}") for part in ("year", "month", "day")):
        return three_part_date(request.args, "date")
    return request.args.get("date", today(), type=date.fromisoformat)


def _day_of(text: str) -> date:
    """raises   Refusal not_found"""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(RefusalCode.NOT_FOUND) from None
