"""平常時・孤立時・災害時: one table of what each action may do.

Normal and isolated differ in who answers, not in what is allowed: isolation is observed, disaster
is declared. This is the only module that asks which mode it is.
"""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    NORMAL = "normal"
    ISOLATED = "isolated"
    DISASTER = "disaster"


class Answer(Enum):
    """YES: done here or by the holder. NO: refused with code `mode`."""

    YES = "yes"
    NO = "no"


_ALWAYS = dict.fromkeys(Mode, Answer.YES)
_NOT_IN_DISASTER = {**_ALWAYS, Mode.DISASTER: Answer.NO}

TABLE: dict[str, dict[Mode, Answer]] = {
    "book": _NOT_IN_DISASTER,
    "change": _NOT_IN_DISASTER,
    "cancel": _ALWAYS,
    "close": _ALWAYS,
    "reopen": _ALWAYS,
    "take_offer": _NOT_IN_DISASTER,
    "book_for": _NOT_IN_DISASTER,
    "change_for": _NOT_IN_DISASTER,
    "cancel_for": _ALWAYS,
    "issue_paper": _ALWAYS,
    "make_pack": _ALWAYS,
    "enter_form": _ALWAYS,
    "decide_form": _ALWAYS,
    "register": _ALWAYS,
    "register_party": _ALWAYS,
    "correct_party": _ALWAYS,
    "set_residency": _ALWAYS,
    "set_roster": _ALWAYS,
    "open_account": _ALWAYS,
    "appoint_delegate": _ALWAYS,
    "end_delegate": _ALWAYS,
    "sign_in": _ALWAYS,
    "sign_out": _ALWAYS,
    "sign_out_everywhere": _ALWAYS,
    "ask_link": _ALWAYS,
    "end_link_wish": _ALWAYS,
    "issue_link": _ALWAYS,
    "follow_link": _ALWAYS,
    "add_staff": _ALWAYS,
    "end_session": _ALWAYS,
    "end_sessions": _ALWAYS,
    "set_second_step": _ALWAYS,
    "sign_in_by_code": _ALWAYS,
    "seal_codes": _ALWAYS,
    "set_password": _ALWAYS,
    "begin_passkey": _ALWAYS,
    "add_passkey": _ALWAYS,
    "name_passkey": _ALWAYS,
    "remove_passkey": _ALWAYS,
    "remove_passkeys": _ALWAYS,
    "sign_in_by_passkey": _ALWAYS,
    "give_role": _ALWAYS,
    "revoke_role": _ALWAYS,
    "name_group": _ALWAYS,
    "report_problem": _ALWAYS,
    "rate": _ALWAYS,
    "import_facilities": _ALWAYS,
    "import_rooms": _ALWAYS,
    "import_shelters": _ALWAYS,
    "import_forms": _ALWAYS,
    "confirm_hours": _ALWAYS,
    "confirm_position": _ALWAYS,
    "extend_horizon": _ALWAYS,
    "forget_expired": _ALWAYS,
    "ask_to_forget": _ALWAYS,
    "forget_party": _ALWAYS,
    "declare": _ALWAYS,
    "seal_audit": _ALWAYS,
    "word_letter": _ALWAYS,
    "try_letter": _ALWAYS,
    "end_letter": _ALWAYS,
    "hand_letter": _ALWAYS,
    "retry_letter": _ALWAYS,
    "see_to": _ALWAYS,
    "grant_permission": _ALWAYS,
    "refuse_permission": _ALWAYS,
    "pay": _ALWAYS,
    "reduce": _ALWAYS,
    "ask_reduction": _ALWAYS,
    "decide_reduction": _ALWAYS,
    "register_reduction": _ALWAYS,
    "end_reduction": _ALWAYS,
    "close_month": _ALWAYS,
    "refund": _ALWAYS,
    "hand_refund": _ALWAYS,
    "number_receipt": _ALWAYS,
    "keep_receipt": _ALWAYS,
    "close_drawer": _ALWAYS,
    "check_in": _ALWAYS,
    "undo_check_in": _ALWAYS,
    # Nobody is struck for an evening on which there is a disaster.
    "ask_strike": _NOT_IN_DISASTER,
    "set_item": _ALWAYS,
    "hand_out": _ALWAYS,
    "take_back": _ALWAYS,
    # A payment is a fact in any mode, and so is a wish to make one (S6).
    "begin_checkout": _ALWAYS,
    "open_checkout": _ALWAYS,
    "note_checkout": _ALWAYS,
    "end_checkout": _ALWAYS,
    "hear_payment": _ALWAYS,
    "give_back": _ALWAYS,
    "move_payment": _ALWAYS,
    "finish_move": _ALWAYS,
    "retry_give_back": _ALWAYS,
}


def observed(declared: Mode, *, is_cut_off: bool) -> Mode:
    """The mode that people are told: what was declared, or else whether the line is there."""
    if declared is Mode.NORMAL and is_cut_off:
        return Mode.ISOLATED
    return declared


def may(action: str, mode: Mode) -> bool:
    """Whether `action` is done at all in this mode. An action without a row is a bug."""
    return TABLE[action][mode] is Answer.YES


def stopped(mode: Mode) -> tuple[str, ...]:
    """The actions that are done in normal times and not in this mode, in the table's order."""
    return tuple(name for name in TABLE if may(name, Mode.NORMAL) and not may(name, mode))


def next_declared(declared: Mode) -> Mode:
    """What can be declared now: a disaster, or its end."""
    return Mode.DISASTER if declared is Mode.NORMAL else Mode.NORMAL
