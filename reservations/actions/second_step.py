"""二段階のサインイン: a key for a telephone, its codes, and the sealed ones. Each counts once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from reservations.actions import accounts
from reservations.actions.accounts import SignInRequest
from reservations.actions.rights import SYSTEM
from reservations.actions.step import Context, action, record
from reservations.errors import Refusal, RefusalCode
from reservations.events import SignedIn
from reservations.events.staff import CodesSealed, EmergencyCodeUsed, SecondStepSet
from reservations.models import EmergencyCode, SecondStep
from reservations.models.base import table_of
from reservations.queries import second_step as query
from reservations.rules import codes


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A new key, and the step of the first code that the telephone made of it.

    step      0 where somebody else set it up: it is asked for all the same
    current   a good code of the key that it takes the place of
    """

    account_id: str
    secret: str
    step: int = 0
    current: str = ""


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """The session that begins when this code is good: of the telephone, or a sealed one."""

    session: SignInRequest
    typed: str


@dataclass(frozen=True, slots=True)
class SealRequest:
    """The hashes of new sealed codes, which take the place of what is left of the old ones."""

    account_id: str
    hashes: tuple[str, ...]
    current: str = ""


@action("set_second_step", subject=lambda request: request.account_id)
def set_second_step(
    session: Session, request: KeyRequest, context: Context, account_id: str
) -> SecondStepSet:
    """Keep a new key instead of the old one.

    raises   Refusal code_wrong: whoever finds a screen open cannot put their own telephone there
    """
    check_current(session, account_id, request.current, context)
    session.execute(delete(table_of(SecondStep)).where(SecondStep.account_id == account_id))
    row = {
        "account_id": account_id,
        "secret": request.secret,
        "made_at": context.now,
        "last_step": request.step,
    }
    session.execute(insert(table_of(SecondStep)), row)
    return SecondStepSet(subject=account_id)


@action("sign_in_by_code", subject=lambda request: request.session.account_id)
def sign_in_by_code(
    session: Session, request: CodeRequest, context: Context, account_id: str
) -> SignedIn:
    """Use a code up and begin the session, both or neither.

    raises   Refusal code_wrong: no code of now, one that was used, or none at all
    """
    if _use_step(session, account_id, request.typed, context):
        way = "code"
    elif _use_sealed(session, account_id, request.typed, context):
        way = "emergency code"
        record(session, EmergencyCodeUsed(subject=account_id), context)
    else:
        raise Refusal(RefusalCode.CODE_WRONG)
    accounts.begin(session, request.session, context)
    return SignedIn(subject=account_id, way=way)


def check_current(session: Session, account_id: str, typed: str, context: Context) -> None:
    """In the caller's transaction, use up a code where the account has a telephone.

    raises   Refusal code_wrong
    """
    if context.actor == SYSTEM or query.of(session, account_id) is None:
        return
    is_good = _use_step(session, account_id, typed, context)
    if not is_good and not _use_sealed(session, account_id, typed, context):
        raise Refusal(RefusalCode.CODE_WRONG)


def _use_step(session: Session, account_id: str, typed: str, context: Context) -> bool:
    known = query.of(session, account_id)
    if known is None:
        return False
    step = codes.step_of(known.secret, typed, context.now, after=known.last_step)
    if step is None:
        return False
    # Two with the same code at once: one of them finds a step that is not older any more.
    used = session.execute(
        update(table_of(SecondStep))
        .where(SecondStep.account_id == account_id, SecondStep.last_step < step)
        .values(last_step=step)
        .returning(SecondStep.account_id)
    ).first()
    return used is not None


def _use_sealed(session: Session, account_id: str, typed: str, context: Context) -> bool:
    used = session.execute(
        update(table_of(EmergencyCode))
        .where(
            EmergencyCode.code_hash == codes.sealed_hash(typed),
            EmergencyCode.account_id == account_id,
            EmergencyCode.used_at.is_(None),
        )
        .values(used_at=context.now)
        .returning(EmergencyCode.code_hash)
    ).first()
    return used is not None


@action("seal_codes", subject=lambda request: request.account_id)
def seal_codes(
    session: Session, request: SealRequest, context: Context, account_id: str
) -> CodesSealed:
    """Keep the hashes of new codes; those that are left of older ones end. Used ones stay known.

    raises   Refusal code_wrong, as above
    """
    check_current(session, account_id, request.current, context)
    table = table_of(EmergencyCode)
    session.execute(
        delete(table).where(EmergencyCode.account_id == account_id, EmergencyCode.used_at.is_(None))
    )
    rows = [
        {"code_hash": each, "account_id": account_id, "made_at": context.now}
        for each in request.hashes
    ]
    session.execute(insert(table), rows)
    return CodesSealed(subject=account_id, codes=len(rows))
