"""A town's rules as they are stored and as they are lent by."""

from __future__ import annotations

from datetime import date

import pytest

from reservations.queries.catalogue import rules_of
from reservations.rules.approval import Approval
from reservations.rules.town import RefundStep, Rounding, TownRules


def test_what_a_town_has_set_is_read_and_the_rest_is_the_common_rule():
    body = {"rounding": "up", "rounding_yen": 100, "refund_steps": [[7, 100]]}

    found = rules_of(3, date(2026, 4, 1), body)

    assert found == TownRules(
        3,
        date(2026, 4, 1),
        rounding=Rounding.UP,
        rounding_yen=100,
        refund_steps=(RefundStep(7, 100),),
    )
    assert rules_of(4, date(2027, 4, 1), {}) == TownRules(4, date(2027, 4, 1))


def test_the_cases_in_which_a_town_looks_first_are_read_and_a_fault_is_named():
    case = {"kinds": ["hall"], "standard_days": 14}
    body = {"approval": [case], "refusal_reasons": ["管理に支障があるため。"]}

    found = rules_of(3, date(2026, 4, 1), body)

    assert found.approval == (Approval(kinds=frozenset({"hall"}), standard_days=14),)
    assert found.refusal_reasons == ("管理に支障があるため。",)
    with pytest.raises(ValueError, match="approval, case 2: days is unknown"):
        rules_of(3, date(2026, 4, 1), {"approval": [case, {"days": 3}]})
