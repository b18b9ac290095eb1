"""What templates may call: addresses, dates, yen, names and statuses in the reader's language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, current_app, g, request, url_for
from markupsafe import Markup, escape

from reservations.clock import local
from reservations.desk import Desk
from reservations.queries import approval, ledger
from reservations.rules.modes import Mode
from reservations.rules.period import clock_text
from reservations.rules.rights import Right
from reservations.web import auth, language, matters, reductions, rights, services
from reservations.web.language import gettext
from reservations.web.look import look
from reservations.web.refusals import sentence
from reservations.web.statuses import sign


def install(app: Flask) -> None:
    """Give every template its words. Functions are looked up late, so each request has its own."""
    app.after_request(language.remember)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        day_text=language.day_text,
        long_day_text=language.long_day_text,
        month_text=language.month_text,
        short_day_text=language.short_day_text,
        weekday=language.weekday,
        day_tone=language.day_tone,
        near_day_text=language.near_day_text,
        time_text=language.time_text,
        clock_text=clock_text,
        instant_text=language.instant_text,
        yen=language.yen,
        distance_text=language.distance_text,
        named=language.named,
        name_of=name_of,
        languages=language.LANGUAGES,
        current_language=language.current,
        account=auth.account,
        viewer=auth.viewer,
        today=services.today,
        now=services.now,
        sentence=sentence,
        same_page=same_page,
        services=services.services,
        address=address,
        asset=asset,
        look=look,
        emergency=emergency,
        may=rights.may,
        may_open=rights.may_open,
        help_line=operator_line,
        mode_strip=mode_strip,
        desk_strip=desk_strip,
        clock_strip=clock_strip,
        matters_count=matters.count,
        applications_count=applications_count,
        reductions_count=reductions.count,
        rate_words=reductions.rate_words,
        navigation=navigation,
        status_sign=sign,
    )


def same_page(**changed: str | None) -> str:
    """This page's address with some of its query changed, or without what becomes None.

    For language links and day steps. A page that answers a POST says which address leads back to
    it (services.py:lead_back).
    """
    if "page_address" in g:
        parts = urlsplit(str(g.page_address))
        return _with_query(parts.path, {**dict(parse_qsl(parts.query)), **changed})
    if request.endpoint is None:
        return _with_query("/", changed)
    return _with_query(request.path, {**request.args.to_dict(), **changed})


def _with_query(path: str, query: Mapping[str, str | None]) -> str:
    kept = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(kept, safe=':,')}" if kept else path


def address(endpoint: str, **values: Any) -> str | None:
    """The address of an endpoint, or None where this process does not serve it.

    Residents and the counter share the frame of the page, not all of its links.
    """
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, **values)


def asset(name: str) -> str:
    """A file of static/ under an address that changes with its content."""
    folder = current_app.static_folder
    assert folder is not None
    return url_for("static", filename=name, v=_content_hash(folder, name))


@cache
def _content_hash(folder: str, name: str) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:8]


def name_of(japanese: str, english: str) -> Markup:
    """A name of the data; where only the Japanese one is known, it is marked as Japanese."""
    if language.is_japanese() or english:
        return escape(language.named(japanese, english))
    return Markup('<span lang="ja">{}</span>').format(japanese)


def navigation() -> list[tuple[str, str, str]]:
    """(key, words, address) of the main pages, as far as they are served here."""
    steps = [
        ("home", gettext("さがす"), "home.page"),
        ("map", gettext("地図"), "map.page"),
        ("mine", gettext("予約一覧"), "bookings.page"),
    ]
    if auth.account() is None:
        steps.append(("sign_in", gettext("ログイン"), "sign_in.form"))
    else:
        steps.append(("account", gettext("登録内容"), "account.page"))
    return [(key, words, where) for key, words, name in steps if (where := address(name))]


def operator_line() -> dict[str, str]:
    """Who to telephone: the number that the operator has set, if any."""
    settings = services.services().settings
    return {
        "name": gettext("電話"),
        "phone": settings.support_phone,
        "hours": settings.support_hours,
    }


def mode_strip() -> dict[str, str]:
    """The words of the status strip: normal, isolated or disaster (rules/modes.py)."""
    desk = services.services().desk
    mode = services.mode()
    words = {
        Mode.NORMAL: gettext("● 平常どおり受け付けています"),
        Mode.ISOLATED: gettext(
            "▲ 回線なし（%(time)s時点）。すぐに確定できない予約は仮受付になります",
            time=_last_heard(desk),
        ),
        Mode.DISASTER: gettext("■ 災害対応中です。予約の受付を止めています"),
    }
    return {"mode": mode.value, "text": words[mode]}


def desk_strip() -> str:
    """What the strip adds at the counter; empty at a desk that has nobody to wait for."""
    desk = services.services().desk
    if not ledger.contact(desk).has_peers:
        return ""
    found = ledger.brief(services.session(), desk, today=services.today())
    waiting = gettext("返事を待つ受付票 %(count)s件", count=found.waiting)
    if desk.is_home:
        sheets = gettext("ほかの拠点が持つ台帳 %(count)s葉", count=found.sheets)
    else:
        sheets = gettext("この拠点が持つ台帳 %(count)s葉", count=found.sheets)
    return ("・" if language.is_japanese() else " · ").join((waiting, sheets))


def applications_count() -> int:
    """What waits for a decision of whoever is signed in."""
    there = rights.facilities(Right.APPROVE)
    if not there:
        return 0
    return approval.count(services.session(), today=services.today(), facilities=there)


def clock_strip() -> str:
    """At the counter: which clocks are apart, and what to do; empty where they agree."""
    desk = services.services().desk
    if not ledger.contact(desk).has_peers:
        return ""
    gap = ledger.clock_gap(services.session(), desk, now=services.now())
    if gap is None:
        return ""
    if not gap.node:
        return gettext(
            "この端末の時計が%(minutes)s分戻っています。管理者に、時計を合わせるよう伝えてください。"
            "予約が二重になることはありません。",
            minutes=gap.minutes,
        )
    return gettext(
        "拠点%(node)sから、この端末の時計より%(minutes)s分先の時刻の記録が届いています。"
        "どちらかの時計が違います。管理者に、両方の時計を合わせるよう伝えてください。"
        "予約が二重になることはありません。",
        node=gap.node,
        minutes=gap.minutes,
    )


def _last_heard(desk: Desk) -> str:
    """When a peer was heard last, as the clock on the wall showed it."""
    last = desk.last_heard()
    return "--:--" if last is None else f"{local(last):%H:%M}"


def emergency() -> dict[str, Any] | None:
    """The banner on top of every page: title, text, since, action, address. None when calm."""
    return None
