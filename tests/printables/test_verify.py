"""A code on paper is genuine, altered, by an unknown hand, or none of ours: told offline."""

from __future__ import annotations

import dataclasses
import io
from datetime import date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from pypdfium2 import PdfDocument

from printables import facts, qr, verify
from printables.__main__ import main
from printables.forms import Span
from printables.registry import PAPERS
from printables.verify import FormKey, Keys, Signer, Verdict

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PAD = FormKey(14, 3, b"a key of one lease, thirty-two b", "N014")
KEYS = Keys((Signer("隣野市民体育館", PUBLIC),), (PAD,))
ENTRY = facts.EntryName("13999-2026/12/2026-06-13", 42, bytes(range(8)))
NOW = datetime(2026, 6, 6, 12, 0)
HOLDER = facts.holder_mark("隣野バドミントンクラブ", b"salt")
PERMIT = facts.PermitFacts(
    number="2026-N014-000457",
    issued_at=NOW,
    entry=ENTRY,
    unit="第1競技場（半面・東側）",
    periods=(Span(datetime(2026, 6, 13, 9), datetime(2026, 6, 13, 12)),),
    headcount=24,
    fee_yen=1400,
    holder=HOLDER,
)
RECEIPT = facts.ReceiptFacts("N014-001203", NOW, ENTRY, 1400, 127, "cash", PERMIT.number, HOLDER)
CERTIFICATE = facts.CertificateFacts(
    "隣野罹2026-000012", NOW, facts.EntryName(), "half", date(2026, 6, 10), 2, HOLDER
)
CARD = facts.CardFacts("U-20260087", NOW, date(2029, 3, 31), HOLDER)
NOTICE = facts.NoticeFacts(
    "変第2026-01-000457-1号の2",
    NOW,
    ENTRY,
    "change",
    PERMIT.number,
    PERMIT.unit,
    PERMIT.periods,
    1600,
)
ALL = (PERMIT, RECEIPT, CERTIFICATE, CARD, NOTICE)
TEXT = facts.signed_code(PERMIT, PUBLIC, PRIVATE.sign)
FORM = qr.form_code(qr.FormCode(verify.FORM_NUMBERS["application_form"], 14, 3, 12345), PAD.key)


def altered(text: str, place: int) -> str:
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


@pytest.mark.parametrize("said", ALL, ids=lambda said: type(said).__name__)
def test_facts_come_back_and_are_short_enough_for_a_fax(said):
    text = facts.signed_code(said, PUBLIC, PRIVATE.sign)

    answer = verify.verify(text, KEYS)

    assert answer.verdict is Verdict.GENUINE
    assert answer.facts == said
    assert answer.node == "隣野市民体育館"
    # What version 10 holds at level M.
    assert len(text) <= 311


def test_a_genuine_permit_is_told_in_words():
    words = verify.verify(TEXT, KEYS).words

    assert words.startswith("【使用許可書】本物です。")
    for said in (
        "番号：2026-N014-000457",
        "使用日時：令和8年6月13日（土）9時00分から12時00分まで",
        "使用料：1,400円",
        "台帳の記入：13999-2026/12/2026-06-13 第42番（00010203…）",
        "取消し・変更の有無は、この確認では分かりません",
    ):
        assert said in words


@pytest.mark.parametrize("place", range(13, len(TEXT), 7))
def test_an_altered_code_is_never_genuine(place):
    answer = verify.verify(altered(TEXT, place), KEYS)

    assert answer.verdict is Verdict.ALTERED
    assert answer.node == ""


def test_a_code_cut_short_is_altered_and_one_of_another_key_is_unknown():
    stranger = STRANGER.public_key().public_bytes_raw()
    forged = facts.signed_code(PERMIT, PUBLIC, STRANGER.sign)
    foreign = facts.signed_code(PERMIT, stranger, STRANGER.sign)

    assert verify.verify(TEXT[:-3], KEYS).verdict is Verdict.ALTERED
    assert verify.verify(forged, KEYS).verdict is Verdict.ALTERED
    assert verify.verify(foreign, KEYS).verdict is Verdict.UNKNOWN_SIGNER
    assert verify.verify(foreign, KEYS).facts == PERMIT


@pytest.mark.parametrize("text", ["", "https://example.com/", "TN2:ABC", "TN1:" + qr.base45(b"\7")])
def test_what_is_not_ours_is_said_to_be_so(text):
    assert verify.verify(text, KEYS).verdict is Verdict.NOT_OURS


@given(st.binary(max_size=200), st.sampled_from([qr.FORM, qr.ISSUED]))
def test_no_bytes_of_a_stranger_are_genuine_or_a_crash(data, version):
    text = qr.PREFIX + qr.base45(bytes([version]) + data)

    assert verify.verify(text, KEYS).verdict is not Verdict.GENUINE


def test_a_blank_form_is_known_by_its_pad():
    answer = verify.verify(FORM, KEYS)

    assert answer.verdict is Verdict.GENUINE
    assert answer.facts == qr.FormCode(1, 14, 3, 12345)
    assert answer.lines[:2] == (("用紙", "体育施設使用許可申請書"), ("番号", "00012345-20"))
    assert verify.verify(FORM, Keys()).verdict is Verdict.UNKNOWN_SIGNER
    assert verify.verify(altered(FORM, 30), KEYS).verdict is Verdict.ALTERED


def test_the_name_on_the_paper_can_be_compared_but_not_read():
    assert facts.is_held_by(PERMIT, "隣野　バドミントン クラブ")
    assert not facts.is_held_by(PERMIT, "西隣野バドミントンクラブ")
    assert "隣野バドミントン".encode() not in facts.encode(PERMIT)[1]
    assert not facts.is_held_by(dataclasses.replace(PERMIT, holder=b""), "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"fee_yen": -1},
        {"periods": (Span(NOW, NOW),)},
        {"periods": (Span(NOW, NOW.replace(minute=50)),)},
        {"unit": "長" * 120},
        {"holder": b"short"},
    ],
)
def test_what_a_code_cannot_hold_is_refused_when_it_is_made(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        facts.signed_code(dataclasses.replace(PERMIT, **wrong), PUBLIC, PRIVATE.sign)


@given(
    st.builds(
        facts.PermitFacts,
        number=st.text(max_size=20),
        issued_at=st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)).map(
            lambda at: at.replace(second=0, microsecond=0)
        ),
        entry=st.builds(
            facts.EntryName,
            st.text(max_size=30),
            st.integers(0, 2**40),
            st.binary(min_size=8, max_size=8),
        ),
        unit=st.text(max_size=30),
        periods=st.lists(
            st.builds(
                lambda first, length: Span(
                    facts.EPOCH + first * facts.QUARTER,
                    facts.EPOCH + (first + length) * facts.QUARTER,
                ),
                st.integers(0, 2**21),
                st.integers(1, 255),
            ),
            max_size=5,
        ).map(tuple),
        headcount=st.integers(0, 10**6),
        fee_yen=st.integers(0, 10**9),
        holder=st.just(b"") | st.just(HOLDER),
    )
)
def test_any_permit_comes_back_from_its_bytes(said):
    assert facts.decode(*facts.encode(said)) == said


def scan(text: str, folder) -> str:
    permit = dataclasses.replace(PAPERS["permit"].samples()["typical"], code=text)
    pdf = PAPERS["permit"].draw(permit).pdf
    picture = PdfDocument(io.BytesIO(pdf))[0].render(scale=150 / 72, grayscale=True).to_pil()
    picture.save(folder / "scan.png")
    return str(folder / "scan.png")


def test_the_command_reads_a_picture_or_a_text(tmp_path, capsys):
    keys = tmp_path / "keys.json"
    keys.write_text(verify.write_keys(KEYS), encoding="utf-8")

    assert verify.read_keys(keys) == KEYS
    assert main(["verify", scan(TEXT, tmp_path), "--keys", str(keys)]) == 0
    assert "本物です" in capsys.readouterr().out
    assert main(["verify", altered(TEXT, 60), "--keys", str(keys)]) == 2
    assert "合いません" in capsys.readouterr().out
    assert main(["verify", TEXT]) == 2
    assert "知らない鍵" in capsys.readouterr().out
