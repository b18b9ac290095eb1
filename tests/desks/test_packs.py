"""A pack at a desk that holds nothing of its facility."""

from __future__ import annotations

from reservations.actions import packs
from reservations.models import PaperPack
from reservations.queries import memory
from tests.printables import pdf
from tests.support.desks import Offices


def test_a_pack_without_sheets_of_its_own_has_no_master_grid(offices: Offices, tmp_path):
    gym = offices.gym
    known = memory.newest(gym.database)
    place = known.catalogue.places[gym.region.here.facility_id]

    made = packs.make(
        gym.database, gym.desk.settings, known, place, gym.context(), out=tmp_path, forms=2
    )

    assert "原簿は入っていません" in pdf.squeezed(made.text.read_text())
    assert gym.session.query(PaperPack).count() == 1
