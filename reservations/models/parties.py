"""利用者 and their logins. A party books; an account signs in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from reservations.models.base import Base, Instant


class Party(Base):
    """個人・団体: one party, one id over all towns."""

    __tablename__ = "party"
    __table_args__ = (CheckConstraint("kind IN ('person', 'group')", name="kind"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, default="person")
    name: Mapped[str] = mapped_column(Text)
    kana: Mapped[str] = mapped_column(Text, default="")
    phone: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(Text, default="")
    home_code: Mapped[str | None] = mapped_column(ForeignKey("municipality.code"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class PartyResidency(Base):
    """在住・在勤・在学 in one town, until a day. A town without a row is outside.

    seen   what the counter was shown of it (rules/registration.py: SEEN); empty: nobody has looked
    """

    __tablename__ = "party_residency"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(
        ForeignKey("municipality.code"), primary_key=True
    )
    residency: Mapped[str] = mapped_column(Text)
    valid_until: Mapped[date | None] = mapped_column(Date)
    seen: Mapped[str] = mapped_column(Text, default="", server_default="")


class GroupRoster(Base):
    """名簿 of a group for one town, as all desks may know it: counts, and marks without names.

    marks   rules/groups.py: mark; sorted
    """

    __tablename__ = "group_roster"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(
        ForeignKey("municipality.code"), primary_key=True
    )
    members: Mapped[int] = mapped_column()
    local: Mapped[int] = mapped_column()
    marks: Mapped[list[str]] = mapped_column(JSON)


class GroupMember(Base):
    """One line of a roster, at the desk where it was typed and at no other."""

    __tablename__ = "group_member"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    municipality_code: Mapped[str] = mapped_column(
        ForeignKey("municipality.code"), primary_key=True
    )
    no: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kana: Mapped[str] = mapped_column(Text)
    residency: Mapped[str] = mapped_column(Text)


class PartyDelegate(Base):
    """代理: somebody who may book for a party, with its consent, from a day to a day.

    delegate_id  a party as well, whose name may not have come to this desk
    giver        who consented: the party themselves, or whoever speaks for a group
    seen         how that was shown (rules/registration.py: CONSENTS)
    """

    __tablename__ = "party_delegate"

    party_id: Mapped[str] = mapped_column(ForeignKey("party.id"), primary_key=True)
    delegate_id: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    giver: Mapped[str] = mapped_column(Text)
    seen: Mapped[str] = mapped_column(Text)
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)


class Account(Base):
    """A login. `login` is a mail address or phone number, folded; never a number of ours.

    role   resident, or staff: what staff may do there stands in their grants (models/rights.py)
    """

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("role IN ('resident', 'staff')", name="role"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    party_id: Mapped[str | None] = mapped_column(ForeignKey("party.id"), index=True)
    login: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, default="resident")
    locale: Mapped[str] = mapped_column(Text, default="ja")
    created_at: Mapped[datetime] = mapped_column(Instant)


class SignInSession(Base):
    """A signed-in browser or an API token; only the hash of the secret is kept.

    kind      web (cookie) or api (bearer)
    seen_at   when it was last used, to the minute; kept of staff only
    device    what the browser calls itself
    """

    __tablename__ = "sign_in_session"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(Text, default="web")
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    device: Mapped[str] = mapped_column(Text, default="", server_default="")


class LinkWish(Base):
    """Somebody asked for a link that signs this account in; the postman makes it and sends it, so
    that neither the answer nor its time tells a stranger whether the login exists.

    sent_at  when the last one went out; None while one waits
    """

    __tablename__ = "link_wish"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class LoginLink(Base):
    """A link that signs in once; only its hash is kept."""

    __tablename__ = "login_link"

    token_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
