"""Why an alternative is offered, in words: `2.1 km 先・同じ時間・空き・+300円`.

Screens and API say the same sentence; its parts are the terms of the published cost
(rules/nearby.py), in the same order.
"""

from __future__ import annotations

from functools import lru_cache

from reservations.queries.nearby import Alternative
from reservations.web import language
from reservations.web.language import gettext


def reason_text(alternative: Alternative) -> str:
    """Distance, time, that it is free, and what it costs against the wished place."""
    offer = alternative.offer
    return _reason(
        language.locale(),
        # A place whose point nobody knows has no distance, rather than none at all.
        None if alternative.unit.place.lat is None else offer.candidate.distance_m,
        offer.candidate.shift_minutes,
        offer.candidate.fee_yen,
        offer.fee_difference_yen,
    )


@lru_cache(maxsize=8192)
def _reason(
    _locale: str, metres: int | None, shift: int, fee_yen: int | None, difference_yen: int | None
) -> str:
    """The sentence in the request's language, which is `_locale`. Looking its words up takes longer
    than finding the place; in a rush many people are offered the same."""
    parts = (
        _where(metres),
        shift_text(shift),
        gettext("空きあり"),
        _fee(fee_yen, difference_yen),
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


def _where(metres: int | None) -> str:
    if metres is None:
        return ""
    if not metres:
        return gettext("同じ場所")
    return gettext("%(distance)s 先", distance=language.distance_text(metres))


def _fee(fee_yen: int | None, difference_yen: int | None) -> str:
    if difference_yen is None:
        return "" if fee_yen is None else language.yen(fee_yen)
    if difference_yen == 0:
        return gettext("同じ料金")
    if difference_yen > 0:
        return "+" + language.yen(difference_yen)
    return gettext("%(amount)s安い", amount=language.yen(-difference_yen))
