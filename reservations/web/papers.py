"""How papers leave the house: a PDF that opens in the browser under a name, or a page to print.

A paper names a person, so it is nobody's to keep but the reader's: nothing on the way may store it
(app.py says no-store), and it is no part of any other page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from flask import Response

from reservations import documents
from reservations.actions import notices
from reservations.clock import local_day
from reservations.documents import Document
from reservations.queries import parties
from reservations.queries.bookings import BookingView
from reservations.queries.papers import IssuedView
from reservations.rules.papers import title
from reservations.rules.town import TownRules
from reservations.web import language
from reservations.web.language import N_, gettext
from reservations.web.services import session

_NOTHING = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "style-src 'unsafe-inline'"
)
# Browsers show a PDF in a plug-in of their own, which a page's `object-src 'none'` would forbid.
PDF_POLICY = f"{_NOTHING}; object-src 'self'"
# The print view carries its styles in itself and has neither scripts nor pictures.
PAGE_POLICY = _NOTHING
NAMES: Mapping[str, str] = {
    documents.PERMIT: N_("許可書"),
    documents.CHANGE: N_("変更許可書"),
    documents.CHANGE_REFUSAL: N_("変更不許可通知書"),
    documents.CANCELLATION: N_("取消届"),
    documents.REFUND: N_("還付決定通知書"),
    documents.REVOCATION: N_("許可取消通知書"),
    documents.REFUSAL: N_("不許可通知書"),
    documents.REDUCTION: N_("減免決定通知書"),
    documents.REDUCTION_REFUSAL: N_("減免不承認通知書"),
    documents.RECEIPT: N_("領収書"),
}


def pdf(content: bytes, *, name: str, title: str) -> Response:
    """A PDF to be read at once.

    name    of the file, in letters that every system takes
    title   of the file where the browser can read more
    """
    answer = Response(content, content_type="application/pdf")
    answer.headers["Content-Disposition"] = (
        f"inline; filename=\"{name}.pdf\"; filename*=UTF-8''{quote(title)}.pdf"
    )
    answer.headers["Content-Security-Policy"] = PDF_POLICY
    return answer


def booking_pdf(paper: IssuedView, booking: BookingView) -> Response:
    """A paper about a booking, under the booking's number."""
    parties.looked_at(session(), [booking.party_id])
    rules = booking.unit.town.rules_on(local_day(paper.issued_at))
    slug = next((slug for slug, kind in notices.SLUGS.items() if kind == paper.kind), paper.kind)
    name = f"{slug.replace('_', '-')}-{booking.number}"
    return pdf(paper.pdf, name=name, title=f"{title(paper.kind, rules)}_{booking.number}")


def page(document: Document, links: Sequence[tuple[str, str]]) -> Response:
    """The same paper as a page for the browser's own printing, with links above it."""
    tag = language.current().tag
    answer = Response(document.html(links=links, links_language=tag), content_type="text/html")
    answer.headers["Content-Security-Policy"] = PAGE_POLICY
    return answer


def permit_words(rules: TownRules) -> str:
    """使用許可書 or 利用承認書, by the town; in other languages all of them are a permit."""
    return paper_words(documents.PERMIT, rules)


def paper_words(kind: str, rules: TownRules) -> str:
    """What a paper is called: by the town's own words, in other languages in general ones."""
    return title(kind, rules) if language.is_japanese() else gettext(NAMES[kind])


def links_of(kinds: Iterable[str], rules: TownRules) -> list[tuple[str, str]]:
    """The papers that a booking has, as slug and words."""
    slugs = {kind: slug for slug, kind in notices.SLUGS.items()}
    return [(slugs[kind], paper_words(kind, rules)) for kind in kinds]
