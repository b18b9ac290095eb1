"""Chance over whole desks; `python -m tests.desks.campaign` plays as many as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desks.campaign import PEOPLE, Schedule, VerdictError, run


@pytest.mark.parametrize("first", [1, 101, 201, 301])
def test_whole_desks_keep_every_promise_whatever_happens(first: int):
    result = run(8, seed=first)

    assert result["bad"] == []
    # Chance that never met the cases it is for would prove nothing.
    for what in ("book 201", "book 409", "cancel 200", "change 200", "moved", "restart", "cut"):
        assert result["did"][what] > 0, what


def test_the_verdict_sees_a_place_that_is_promised_twice(tmp_path: Path):
    schedule = Schedule(tmp_path, 1, has_witness=False)
    place = schedule._place()
    hub, gym = schedule.offices.values()
    for office in (hub, gym):
        with office.database.session() as session:
            session.connection().exec_driver_sql("UPDATE day_mask SET is_held = 1")
            session.commit()
    body = dict(zip(("unit_id", "date", "start", "end"), place, strict=True))

    for office, who in ((hub, PEOPLE[1]), (gym, PEOPLE[2])):
        answer = office.post("bookings", body, who).get_json()
        schedule.told.owners[answer["booking_id"]] = who
        if office is gym:
            with pytest.raises(VerdictError, match="promised twice"):
                schedule._heard(answer)
        else:
            schedule._heard(answer)
    schedule.close()
