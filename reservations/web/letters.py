"""知らせ in words: what was asked, what became of it and why, and what is free near by instead.

Plain text, in the person's language; the same words go by mail, onto paper and over the telephone.
A letter asks for nothing: neither a password nor money, and no link in it leads to a payment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from reservations.queries.attendance import Struck
from reservations.queries.catalogue import LentUnit
from reservations.queries.letters import LetterView
from reservations.queries.nearby import Alternative
from reservations.queries.reductions import Decided
from reservations.rules.period import clock_text
from reservations.rules.town import StrikeKind
from reservations.web import language
from reservations.web.language import N_, gettext
from reservations.web.reasons import reason_text

OFFERS_MAX = 5
_BECAME = {
    "confirmed": N_("お申し込みの予約が確定しました。"),
    "refused": N_("申し訳ありません。お申し込みの予約は、お取りできませんでした。"),
    "cancelled": N_("申し訳ありません。次の予約は、施設の都合で取り消されました。"),
    "displaced": N_("申し訳ありません。次の予約は、ほかの利用のために取り消されました。"),
    "granted": N_("申請のあった利用を許可しました。許可書は、予約のページから開けます。"),
    "denied": N_(
        "申し訳ありません。申請のあった利用は、許可されませんでした。次の予約は取り消されました。"
    ),
    "struck": N_("次の予約について、町のきまりにより、次のとおり記録しました。"),
    "reduced": N_("申請のあった料金の減免について、次のとおり決まりました。"),
}
# What counts against a party, here and at the counter (web/counter/coming.py).
STRIKES: Mapping[str, str] = {
    StrikeKind.NO_SHOW.value: N_("無断不使用"),
    StrikeKind.TOLD.value: N_("当日連絡"),
    StrikeKind.LATE_CANCEL.value: N_("直前の取消"),
    StrikeKind.UNPAID.value: N_("未納"),
    StrikeKind.NO_CARD.value: N_("登録証なし・本人不在"),
}
# A place was had on a sheet of another node, and the use of it is still looked at.
_IN_REVIEW = N_("お申し込みの場所をお取りしました。使ってよいかどうかは、施設が審査しています。")
_BECAME_OF_CHANGE = {
    "confirmed": N_("予約の変更が確定しました。元の予約は取り消され、次の予約に代わりました。"),
    "refused": N_(
        "申し訳ありません。お申し込みの変更は、お取りできませんでした。元の予約はそのままです。"
    ),
}
_SUBJECT_OF_CHANGE = {
    "confirmed": N_("予約の変更が確定しました（%(number)s）"),
    "refused": N_("予約を変更できませんでした（%(number)s）"),
}
_SUBJECT = {
    "confirmed": N_("予約が確定しました（%(number)s）"),
    "refused": N_("予約をお取りできませんでした（%(number)s）"),
    "cancelled": N_("予約が取り消されました（%(number)s）"),
    "displaced": N_("予約が取り消されました（%(number)s）"),
    "granted": N_("利用が許可されました（%(number)s）"),
    "denied": N_("利用は許可されませんでした（%(number)s）"),
    "struck": N_("予約のご利用についてのお知らせ（%(number)s）"),
    "reduced": N_("料金の減免が決まりました（%(number)s）"),
}
_SUBJECT_IN_REVIEW = N_("申請を審査しています（%(number)s）")
_WHY_REFUSED = {
    "taken": N_("その時間には、ほかの方の予約が先に入っていました。"),
    "closed": N_("その時間は、施設の都合で閉めることになりました。"),
    "malformed": N_("申し込みの内容を読み取れませんでした。窓口にお尋ねください。"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """A letter as it goes out."""

    subject: str
    text: str


def link(address: str, valid: timedelta) -> Words:
    """The mail with a link that signs somebody in."""
    minutes = int(valid.total_seconds() // 60)
    lines = (
        gettext("下のリンクを開き、ボタンを押すとログインできます。"),
        address,
        gettext("%(minutes)s分のあいだ、一度だけ使えます。", minutes=minutes),
        gettext("おぼえがないときは、何もしないでください。だれもログインできません。"),
    )
    return Words(gettext("ログインのリンク"), "\n\n".join(lines) + "\n")


def has_lost(letter: LetterView) -> bool:
    """Whether somebody needs another place now."""
    is_about_loss = letter.kind in ("refused", "cancelled", "displaced")
    return is_about_loss and letter.status != "confirmed"


def words(
    letter: LetterView,
    offers: Sequence[Alternative],
    *,
    now: datetime,
    site_url: str,
    phone: str,
    news: Struck | Decided | None = None,
) -> Words:
    """The letter, in the language that `language.speaking` has set.

    offers    what is free near by at `now`; said only where something was lost
    site_url  how links begin; empty: no links
    phone     whom to ask; empty: nobody
    news      what a letter about a strike or a reduction tells
    """
    is_about_wish = letter.kind == "refused" and letter.body.get("asked") == "cancel"
    if is_about_wish:
        subject = gettext("取消の申し出について（%(number)s）", number=letter.number)
        became = gettext("取消の申し出をお受けできませんでした。予約はそのままです。")
    else:
        is_change = letter.is_change and letter.kind in _BECAME_OF_CHANGE
        subjects, became_of = (
            (_SUBJECT_OF_CHANGE, _BECAME_OF_CHANGE) if is_change else (_SUBJECT, _BECAME)
        )
        subject = gettext(subjects[letter.kind], number=letter.number)
        became = gettext(became_of[letter.kind])
        if letter.kind == "confirmed" and letter.body.get("decide_by"):
            subject = gettext(_SUBJECT_IN_REVIEW, number=letter.number)
            became = gettext(_IN_REVIEW)
    link = f"{site_url}/bookings/{letter.booking_id}" if site_url else ""
    blocks = [
        [gettext("%(name)s 様", name=letter.name)] if letter.name else [],
        [became, _why(letter), _review(letter), _paid_back(letter)],
        _facts(letter),
        _against(letter, news) if isinstance(news, Struck) else [],
        _reduced(news) if isinstance(news, Decided) else [],
        _offered(letter, offers, now, site_url) if has_lost(letter) else [],
        [gettext("予約の内容: %(link)s", link=link)] if link else [],
        [gettext("お問い合わせ: %(phone)s", phone=phone)] if phone else [],
    ]
    lines = ("\n".join(filter(None, block)) for block in blocks)
    return Words(subject, "\n\n".join(filter(None, lines)) + "\n")


def _why(letter: LetterView) -> str:
    return why_text(letter.kind, letter.body)


def why_text(kind: str, body: Mapping[str, Any]) -> str:
    """Why somebody lost a place, in words; empty where only the fact is known.

    kind, body   of the letter that tells of it
    """
    if kind == "refused":
        why = _WHY_REFUSED.get(str(body.get("code")))
        return gettext(why) if why else ""
    reason = str(body.get("reason", ""))
    if kind == "granted":
        return ""
    if reason.isascii():
        # A word of the program's own.
        return ""
    return gettext("理由: %(reason)s", reason=reason)


def _review(letter: LetterView) -> str:
    """By when the town answers; under which conditions it has; or how to appeal."""
    decide_by, conditions = letter.body.get("decide_by"), letter.body.get("conditions")
    if letter.kind == "confirmed" and decide_by:
        day = language.day_text(date.fromisoformat(decide_by))
        return gettext("回答の目安 %(day)sまで", day=day)
    if letter.kind == "granted" and conditions:
        return "\n".join((gettext("許可の条件"), str(conditions)))
    if letter.kind == "denied":
        return gettext("この決定に不服があるときの手続きは、不許可通知書に書いてあります。")
    return ""


def _paid_back(letter: LetterView) -> str:
    """The town's fault: nothing stays owed."""
    if letter.kind not in ("cancelled", "displaced", "denied"):
        return ""
    if not letter.fee_yen or letter.body.get("due_yen"):
        return ""
    return gettext("料金はかかりません。納めた料金は、全額お返しします。")


def _facts(letter: LetterView) -> list[str]:
    """What was asked for."""
    when = f"{language.long_day_text(letter.date)} {language.time_text(letter.period)}"
    lines = [
        gettext("予約番号: %(number)s", number=letter.number),
        gettext("場所: %(place)s", place=_name(letter.unit)),
        gettext("日時: %(when)s", when=when),
    ]
    if letter.kind == "confirmed":
        lines.append(gettext("使用料: %(fee)s", fee=language.yen(letter.fee_yen)))
    return lines


def _against(letter: LetterView, struck: Struck) -> list[str]:
    """What was noted, what follows, and what to do where it is not true."""
    town = language.named(letter.unit.town.name, letter.unit.town.name_en)
    what, points = gettext(STRIKES[struck.kind.value]), f"{struck.half_points / 2:g}"
    lines = [gettext("記録: %(what)s（%(points)s点）", what=what, points=points)]
    if struck.ban is not None:
        first, last = (language.long_day_text(each) for each in (struck.ban.first, struck.ban.last))
        lines.append(
            gettext(
                "%(first)sから%(last)sまで、%(town)sの施設を予約できません。",
                first=first,
                last=last,
                town=town,
            )
        )
    lines.append(
        gettext("事実と違うときは、窓口にお知らせください。確かめて、誤りなら数えません。")
    )
    return lines


def _reduced(decided: Decided) -> list[str]:
    """By how much, and what is to be paid; or where the reasons stand, and how to appeal."""
    left = language.yen(decided.left_yen) if decided.left_yen else gettext("0円")
    if decided.percent:
        share = gettext("減免: %(percent)s%%", percent=decided.percent)
        return [share, gettext("納める料金: %(yen)s", yen=left)]
    return [
        gettext("減免は認められませんでした。納める料金: %(yen)s", yen=left),
        gettext("理由と、不服があるときの手続きは、減免不承認通知書に書いてあります。"),
    ]


def _offered(
    letter: LetterView, offers: Sequence[Alternative], now: datetime, site_url: str
) -> list[str]:
    as_of = language.instant_text(now)
    if not offers:
        return [gettext("%(when)s現在、近くに同じ日の空きはありません。", when=as_of)]
    lines = [gettext("近くの空き（%(when)s現在。先に予約した方が使えます）", when=as_of)]
    for number, offer in enumerate(offers, 1):
        fee = offer.offer.candidate.fee_yen
        price = language.yen(fee) if fee is not None else ""
        when = f"{language.day_text(offer.date)} {language.time_text(offer.period)}"
        said = filter(None, (_name(offer.unit), when, price))
        lines.append(f"{number}. {' '.join(said)}")
        lines.append(f"   {reason_text(offer)}")
        if site_url:
            lines.append(f"   {site_url}{_check(offer, letter)}")
    return lines


def _name(unit: LentUnit) -> str:
    place = unit.place
    return " ".join(
        (language.named(place.name, place.name_en), language.named(unit.name, unit.name_en))
    )


def _check(offer: Alternative, letter: LetterView) -> str:
    """The page that asks: this one instead? (web/resident/instead.py)"""
    asked = {
        "unit": str(offer.unit.id),
        "date": offer.date.isoformat(),
        "start": clock_text(offer.period.start),
        "end": clock_text(offer.period.end),
    }
    return f"/bookings/{letter.booking_id}/instead?{urlencode(asked, safe=':')}"
