"""真偽の確認 in words: what a code says, whether it is genuine, and what has become of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from apiflask import APIBlueprint
from flask import render_template, request, url_for
from werkzeug.datastructures import FileStorage

from printables import qr, scanned
from printables.facts import NoticeFacts, PermitFacts
from printables.forms import Span
from printables.verify import FORM_PAPERS, Answer, Verdict
from reservations.actions.scanning import REASONS
from reservations.clock import LOCAL
from reservations.errors import Refusal, RefusalCode
from reservations.queries import genuine
from reservations.queries.genuine import Found, NoPicture, Standing
from reservations.rules.period import Period
from reservations.web import language
from reservations.web.auth import Who, guard
from reservations.web.language import N_, gettext
from reservations.web.refusals import sentence
from reservations.web.services import lead_back, memory, services, session

blueprint = APIBlueprint("genuine", __name__, enable_openapi=False)
guard(blueprint, Who.ANYBODY)

PICTURE_BYTES_MAX = 8_000_000
# Nobody waits for long.
_ONE = threading.BoundedSemaphore(1)
WAIT_SECONDS = 5.0

VERDICTS: Mapping[Verdict, str] = {
    Verdict.GENUINE: N_("本物です。下の内容は、発行した拠点が署名したものです。"),
    Verdict.ALTERED: N_(
        "署名が内容と合いません。書き換えられたか、壊れています。受け取らず、窓口で確かめてください。"
    ),
    Verdict.UNKNOWN_SIGNER: N_(
        "この装置が知らない鍵の署名です。本物かどうか、ここでは分かりません。窓口で確かめてください。"
    ),
    Verdict.NOT_OURS: N_("このサービスの二次元コードではありません。"),
}
STANDINGS: Mapping[Standing, str] = {
    Standing.STANDS: N_("この拠点の台帳では、この予約は有効です。"),
    Standing.CHANGED: N_(
        "この紙が発行されたあとに、予約が変更されています。新しい許可書を見せてもらってください。"
    ),
    Standing.CANCELLED: N_("この予約は、取り消されています。"),
    Standing.UNKNOWN: N_(
        "この拠点は、この予約を知りません。取消しや変更の有無は、発行した拠点で確かめてください。"
    ),
    Standing.CONTRADICTED: N_(
        "台帳の同じ番号に、別の内容が記入されています。受け取らず、窓口で確かめてください。"
    ),
}
PAPERS = {PermitFacts: N_("使用許可書")}
NOTICES: Mapping[str, str] = {
    "change": N_("変更許可書"),
    "change_refusal": N_("変更不許可通知書"),
    "revocation": N_("許可取消通知書"),
    "refund": N_("還付決定通知書"),
    "refusal": N_("不許可通知書"),
    "reduction": N_("減免決定通知書"),
    "reduction_refusal": N_("減免不承認通知書"),
}
MONEY: Mapping[str, str] = {
    "change": N_("料金"),
    "revocation": N_("還付する額"),
    "refund": N_("還付する額"),
    "reduction": N_("減免後の料金"),
}
FORM_SENTENCE = N_("本物の用紙です。番号が使用済みかどうかは、用紙受払簿と台帳で確認してください。")


@dataclass(frozen=True, slots=True)
class Said:
    """One code in words. tone: good, warn, or empty."""

    tone: str
    sentence: str
    standing: str
    lines: tuple[tuple[str, str], ...]


@blueprint.url_value_preprocessor
def allow_a_picture(endpoint: str | None, _values: object) -> None:
    """Before anything reads the form: only pages for one take something as large as a photograph.

    raises   Refusal picture_too_large
    """
    if endpoint == "genuine.answer":
        take_a_picture()


def take_a_picture(bytes_max: int = PICTURE_BYTES_MAX) -> None:
    """Let this request be as large as a photograph, and say so where it is larger.

    raises   Refusal picture_too_large
    """
    request.max_content_length = bytes_max
    if (request.content_length or 0) > bytes_max:
        megabytes = bytes_max // 1_000_000
        raise Refusal(RefusalCode.PICTURE_TOO_LARGE, megabytes=megabytes)


@contextmanager
def one_picture() -> Iterator[None]:
    """A large picture takes a processor for a second: one at a time.

    raises   Refusal throttled
    """
    if not _ONE.acquire(timeout=WAIT_SECONDS):
        raise Refusal(RefusalCode.THROTTLED, seconds=int(WAIT_SECONDS))
    try:
        yield
    finally:
        _ONE.release()


@blueprint.get("/verify")
def page() -> str:
    return _page()


@blueprint.post("/verify")
def answer() -> str | tuple[str, int]:
    lead_back(url_for("genuine.page"))
    typed = request.form.get("code", "").strip()
    picture = request.files.get("picture")
    if picture is not None and picture.filename:
        return _of_picture(picture, typed)
    if not typed:
        words = gettext("二次元コードの文字か、写真を入れてください。")
        return _page(typed, errors={"code": words}), 422
    found = genuine.look(services().desk, session(), memory(), typed)
    return _page(typed, [said(found)])


def _of_picture(picture: FileStorage, typed: str) -> str | tuple[str, int]:
    try:
        with one_picture():
            content = picture.stream.read()
            found = genuine.look_at_file(services().desk, session(), memory(), content)
    except NoPicture:
        words = gettext("写真として読めません。JPEGかPNGかPDFで、8MBまでにしてください。")
        return _page(typed, errors={"picture": words}), 422
    except scanned.NoPages as fault:
        refusal = Refusal(REASONS[fault.reason], pages_max=genuine.PDF_PAGES_MAX)
        return _page(typed, errors={"picture": sentence(refusal)}), 422
    if not found:
        words = gettext(
            "写真の中に二次元コードが見つかりません。近くから、明るい所で写してください。"
        )
        return _page(typed, errors={"picture": words}), 422
    return _page("", [said(each) for each in found])


def _page(
    typed: str = "", answers: list[Said] | None = None, errors: dict[str, str] | None = None
) -> str:
    return render_template("genuine.html", typed=typed, answers=answers or [], errors=errors or {})


def said(found: Found) -> Said:
    """An answer in the reader's language."""
    verdict = found.answer.verdict
    standing = gettext(STANDINGS[found.standing]) if found.standing in STANDINGS else ""
    is_good = verdict is Verdict.GENUINE and found.standing in (Standing.STANDS, Standing.NOTHING)
    tone = "good" if is_good else "warn"
    is_form = isinstance(found.answer.facts, qr.FormCode) and verdict is Verdict.GENUINE
    sentence = gettext(FORM_SENTENCE if is_form else VERDICTS[verdict])
    return Said(tone, sentence, standing, tuple(_lines(found.answer)))


def _lines(answer: Answer) -> list[tuple[str, str]]:
    facts = answer.facts
    if isinstance(facts, qr.FormCode):
        serial = f"{facts.serial:08d}-{qr.check_digits(facts.serial)}"
        known = FORM_PAPERS.get(facts.form) == "application_form"
        paper = gettext("申請書の用紙") if known else gettext("番号つきの用紙")
        return [(gettext("紙"), paper), (gettext("用紙番号"), serial)]
    if isinstance(facts, NoticeFacts):
        return _notice_lines(answer, facts)
    if not isinstance(facts, PermitFacts):
        # Papers that the application does not issue yet: the library has words for them.
        return list(answer.lines)
    lines = [
        (gettext("紙"), gettext(PAPERS[PermitFacts])),
        (gettext("予約番号"), facts.number),
        (gettext("発行"), language.instant_text(facts.issued_at.replace(tzinfo=LOCAL))),
        (gettext("場所"), facts.unit),
        (gettext("日時"), language.comma().join(map(_when, facts.periods))),
    ]
    if facts.headcount:
        lines.append((gettext("人数"), gettext("%(count)s人", count=facts.headcount)))
    lines.append((gettext("料金"), language.yen(facts.fee_yen)))
    if answer.node:
        lines.append((gettext("発行した拠点"), answer.node))
    if facts.entry.sheet:
        named = gettext(
            "%(sheet)s の%(number)s番", sheet=facts.entry.sheet, number=facts.entry.number
        )
        lines.append((gettext("台帳の記入"), named))
    return lines


def _notice_lines(answer: Answer, facts: NoticeFacts) -> list[tuple[str, str]]:
    lines = [
        (gettext("紙"), gettext(NOTICES[facts.notice])),
        (gettext("文書番号"), facts.number),
        (gettext("予約番号"), facts.permit_number),
        (gettext("発行"), language.instant_text(facts.issued_at.replace(tzinfo=LOCAL))),
        (gettext("場所"), facts.unit),
        (gettext("日時"), language.comma().join(map(_when, facts.periods))),
    ]
    if facts.notice in MONEY:
        lines.append((gettext(MONEY[facts.notice]), language.yen(facts.yen)))
    return [*lines, (gettext("発行した拠点"), answer.node)] if answer.node else lines


def _when(span: Span) -> str:
    length = int((span.end - span.start).total_seconds()) // 900
    start = span.start.hour * 4 + span.start.minute // 15
    period = Period(start, start + length)
    return f"{language.long_day_text(span.start.date())} {language.time_text(period)}"
