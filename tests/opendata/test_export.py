"""The standard written, and read back the same."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from reservations.opendata import FacilityValues, facility_csv
from reservations.opendata.columns import ACCESSIBILITY, STANDARD
from reservations.opendata.export import guarded
from tests.opendata.files import ishikawa, read
from tests.opendata.test_hours import open_hours

# Texts as people write them: no control characters, no blanks at the ends, no bare placeholders.
words = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0xFFFF),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip() and any(c.isalpha() for c in text))
positions = st.one_of(
    st.just((None, None)),
    st.tuples(st.integers(36_550_000, 36_580_000), st.integers(136_640_000, 136_660_000)).map(
        lambda pair: (pair[0] / 1e6, pair[1] / 1e6)
    ),
)


@st.composite
def facilities(draw) -> FacilityValues:
    lat, lng = draw(positions)
    return FacilityValues(
        name="館" + draw(words),
        publisher_code="172014",
        external_id=draw(st.from_regex(r"[A-Z]{2}\d{6}", fullmatch=True)),
        name_en=draw(st.sampled_from(["", "City Hall", "+Plus Hall"])),
        poi_code=draw(st.sampled_from(["", "0801", "1110"])),
        municipality_code="172014",
        prefecture="石川県",
        municipality="金沢市",
        address="石川県金沢市広坂1丁目1番1号",
        lat=lat,
        lng=lng,
        phone=draw(st.sampled_from(["", "076-220-2111"])),
        url=draw(st.sampled_from(["", "https://example.jp/?a=1"])),
        description=draw(st.one_of(st.just(""), words.map(lambda text: "=説明" + text))),
        hours=draw(open_hours()),
        accessibility=draw(
            st.dictionaries(
                st.sampled_from(ACCESSIBILITY), st.sampled_from([True, False, "要相談"])
            )
        ),
    )


@given(facilities())
def test_what_is_written_is_read_back_the_same(facility):
    (record,) = read(facility_csv([facility])).records

    assert record.name == facility.name
    assert record.external_id == facility.external_id
    assert record.name_en == facility.name_en
    assert record.poi_code == facility.poi_code
    assert record.municipality_code == facility.municipality_code
    assert record.address == facility.address
    assert record.phone == facility.phone
    assert record.url == facility.url
    assert record.description == facility.description
    assert record.hours == facility.hours
    assert record.accessibility == facility.accessibility
    if facility.lat is not None:
        assert (record.lat, record.lng) == (facility.lat, facility.lng)


def test_the_file_is_what_towns_publish():
    data = facility_csv([FacilityValues(name="中央体育館", accessibility={"車椅子可": True})])

    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 2
    header, row = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert tuple(header) == STANDARD
    assert row[STANDARD.index("車椅子可")] == "有"


def test_contact_addresses_are_left_out_unless_asked_for():
    facility = FacilityValues(name="館", other={"連絡先メールアドレス": "desk@example.lg.jp"})

    assert b"desk@example.lg.jp" in facility_csv([facility], include_private=True)
    assert b"desk@example.lg.jp" not in facility_csv([facility])


def test_a_formula_is_disarmed_and_a_number_is_not():
    texts = ["=1+1", "+81-76-1", "-", "@a", "'=x", "-36.5", "076-1", "館"]

    assert [guarded(text) for text in texts] == [
        "'=1+1", "+81-76-1", "-", "'@a", "''=x", "-36.5", "076-1", "館",
    ]  # fmt: skip


def test_the_towns_own_list_goes_out_and_comes_back():
    kept = [r for r in ishikawa().records if r.coordinate_method == "plain" and r.hours.is_bookable]
    values = [
        FacilityValues(
            name=r.name,
            publisher_code=r.municipality_code or "",
            municipality_code=r.municipality_code or "",
            address=r.address,
            lat=r.lat,
            lng=r.lng,
            hours=r.hours,
        )
        for r in kept
    ]

    back = read(facility_csv(values)).records

    assert len(back) == len(kept) > 500
    assert [(r.name, r.lat, r.lng, r.municipality_code) for r in back] == [
        (r.name, r.lat, r.lng, r.municipality_code) for r in kept
    ]
    assert [r.hours.weekly for r in back] == [r.hours.weekly for r in kept]
    assert [r.hours.closed for r in back] == [r.hours.closed for r in kept]
