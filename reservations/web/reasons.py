"""Why an alternative is offered, in words: `2.1 km 先・同じ時間・空き・+300円`.

Screens and API say the same sentence; its parts are the terms of the published cost
(rules/nearby.py), in the same order.
"""

from __future__ import annotations

from reservations.queries.nearby import Alternative
from reservations.web import language
from reservations.web.language import gettext


def reason_text(alternative: Alternative) -> str:
    """Distance, time, that it is free, and what it costs against the wished place."""
    parts = (
        _where(alternative),
        shift_text(alternative.offer.candidate.shift_minutes),
        gettext("空きあり"),
        _fee(alternative),
    )
    return ("・" if language.is_japanese() else " · ").join(part for part in parts if part)


def shift_text(minutes: int) -> str:
    """同じ時間, 1時間早い, 1時間30分遅い."""
    if not minutes:
        return gettext("同じ時間")
    length = duration_text(abs(minutes))
    if minutes < 0:
        return gettext("%(length)s早い", length=length)
    return gettext("%(length)s遅い", length=length)


def duration_text(minutes: int) -> str:
    """45分, 2時間, 1時間30分."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return gettext("%(minutes)s分", minutes=rest)
    if not rest:
        return gettext("%(hours)s時間", hours=hours)
    return gettext("%(hours)s時間%(minutes)s分", hours=hours, minutes=rest)


def _where(alternative: Alternative) -> str:
    """A place whose point nobody knows has no distance, rather than none at all."""
    if alternative.unit.place.lat is None:
        return ""
    metres = alternative.offer.candidate.distance_m
    if not metres:
        return gettext("同じ場所")
    return gettext("%(distance)s 先", distance=language.distance_text(metres))


def _fee(alternative: Alternative) -> str:
    difference = alternative.offer.fee_difference_yen
    if difference is None:
        fee_yen = alternative.offer.candidate.fee_yen
        return "" if fee_yen is None else language.yen(fee_yen)
    if difference == 0:
        return gettext("同じ料金")
    if difference > 0:
        return "+" + language.yen(difference)
    return gettext("%(amount)s安い", amount=language.yen(-difference))
