"""Is this paper genuine, and what does it say? Answered offline, from the text of its code.

What is known here are public keys of nodes and the keys of the pads of blank forms; nothing else is
asked. A permit that was revoked later is still genuine: the ledger knows, this does not, and the
words say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BeforeValidator, PlainSerializer, TypeAdapter

from printables import japanese, qr
from printables.facts import (
    CardFacts,
    CertificateFacts,
    EntryName,
    Facts,
    NoticeFacts,
    PermitFacts,
    ReceiptFacts,
    decode,
    key_mark,
)
from printables.forms import model_form, spans

# What the first number of a blank form's code names; a number is never given to another paper.
FORM_PAPERS: Mapping[int, str] = {
    1: "application_form",
    2: "shelter_card",
    3: "master_grid",
    4: "user_registration",
    5: "group_registration",
    6: "disaster_application",
    7: "damage_notice",
}
PUBLIC_BYTES = 32
FORM_NUMBERS: Mapping[str, int] = {name: number for number, name in FORM_PAPERS.items()}


class Verdict(StrEnum):
    """What can be said of a code."""

    GENUINE = "genuine"
    ALTERED = "altered"
    UNKNOWN_SIGNER = "unknown_signer"
    NOT_OURS = "not_ours"


SENTENCES: Mapping[Verdict, str] = {
    Verdict.GENUINE: "本物です。下の内容は、発行した拠点が署名したものです。",
    Verdict.ALTERED: "署名が内容と合いません。書き換えられたか、壊れています。"
    "受け取らず、台帳で確認してください。",
    Verdict.UNKNOWN_SIGNER: "この装置が知らない鍵の署名です。本物かどうか、ここでは分かりません。"
    "台帳で確認してください。",
    Verdict.NOT_OURS: "この仕組みの二次元コードではありません。",
}
ABOUT: Mapping[type[Any], str] = {
    PermitFacts: "使用許可書",
    ReceiptFacts: "領収書",
    CertificateFacts: "罹災証明書",
    CardFacts: "利用者証",
    NoticeFacts: "通知書",
}
DECISIONS: Mapping[str, str] = {
    "change": "変更の許可",
    "change_refusal": "変更の不許可",
    "revocation": "許可の取消し",
    "refund": "還付の決定",
    "refusal": "不許可",
    "reduction": "減免の決定",
    "reduction_refusal": "減免の不承認",
}
LATER = "取消し・変更の有無は、この確認では分かりません。台帳で確認してください。"
BLANK = "本物の用紙です。番号が使用済みかどうかは、用紙受払簿と台帳で確認してください。"
METHODS = {"cash": "現金", "cashless": "キャッシュレス", "": "記載なし"}


def _unhex(value: object) -> object:
    return bytes.fromhex(value) if isinstance(value, str) else value


Hex = Annotated[bytes, BeforeValidator(_unhex), PlainSerializer(bytes.hex, return_type=str)]


@dataclass(frozen=True)
class Signer:
    """A node whose signature is known: its name and the 32 bytes of its public key."""

    node: str
    public: Hex

    def __post_init__(self) -> None:
        if len(self.public) != PUBLIC_BYTES:
            raise ValueError(f"the public key of {self.node} has not {PUBLIC_BYTES} bytes")


@dataclass(frozen=True)
class FormKey:
    """The MAC key of one pad: the forms that one node printed under one lease."""

    node: int
    lease: int
    key: Hex
    name: str = ""


@dataclass(frozen=True)
class Keys:
    """Whom this machine knows."""

    signers: tuple[Signer, ...] = ()
    forms: tuple[FormKey, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a code says and what that is worth."""

    verdict: Verdict
    sentence: str
    paper: str = ""
    node: str = ""
    facts: Facts | qr.FormCode | None = None
    lines: tuple[tuple[str, str], ...] = field(default=())  # label and value, to be shown

    @property
    def words(self) -> str:
        """A few lines for a terminal or a page."""
        head = f"【{self.paper}】{self.sentence}" if self.paper else self.sentence
        shown = [f"{label}：{value}" for label, value in self.lines]
        return "\n".join([head, *shown])


def verify(text: str, keys: Keys) -> Answer:
    """Say of a code's text whether it is genuine, and what it says.

    text     as a scanner gave it; white space around it and small letters are forgiven
    """
    text = text.strip().upper()
    if not text.startswith(qr.PREFIX):
        return _plain(Verdict.NOT_OURS)
    try:
        body = qr.from_base45(text.removeprefix(qr.PREFIX))
    except qr.Unreadable:
        return _plain(Verdict.ALTERED)
    if body[:1] == bytes([qr.FORM]):
        return _form(text, keys)
    if body[:1] == bytes([qr.ISSUED]):
        return _issued(text, keys)
    return _plain(Verdict.NOT_OURS)


def verify_image(image: Any, keys: Keys) -> list[Answer]:
    """The answers to every code in a picture; none where none is seen."""
    return [verify(text, keys) for text in qr.read_hard(image)]


def read_keys(path: Path) -> Keys:
    """Known keys from a JSON file: signers (node, public) and forms (node, lease, key), in hex.

    raises   pydantic's ValidationError
    """
    return _KEYS.validate_json(path.read_bytes())


def write_keys(keys: Keys) -> str:
    """The file that `read_keys` reads."""
    return _KEYS.dump_json(keys, indent=1).decode() + "\n"


_KEYS: TypeAdapter[Keys] = TypeAdapter(Keys)


def _plain(verdict: Verdict) -> Answer:
    return Answer(verdict, SENTENCES[verdict])


def _issued(text: str, keys: Keys) -> Answer:
    try:
        code, said, is_proof = qr.parts_of_issued(text)
        facts = decode(code.kind, code.facts)
    except qr.Unreadable:
        return _plain(Verdict.ALTERED)
    known = [each for each in keys.signers if key_mark(each.public) == code.key]
    signer = next((each for each in known if _is_signed(each, said, is_proof)), None)
    if signer is not None:
        verdict, node = Verdict.GENUINE, signer.node
    else:
        verdict = Verdict.ALTERED if known else Verdict.UNKNOWN_SIGNER
        node = ""
    lines = _lines(facts)
    if node:
        lines = (*lines, ("発行した拠点", node), ("注意", LATER))
    return Answer(verdict, SENTENCES[verdict], ABOUT[type(facts)], node, facts, lines)


def _is_signed(signer: Signer, body: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(signer.public).verify(signature, body)
    except InvalidSignature:
        return False
    return True


def _form(text: str, keys: Keys) -> Answer:
    try:
        claimed = qr.parts_of_form(text)
    except qr.Unreadable:
        return _plain(Verdict.ALTERED)
    paper = FORM_PAPERS.get(claimed.form, "")
    title = _title(paper) if paper else "番号つきの用紙"
    key = next(
        (each for each in keys.forms if (each.node, each.lease) == (claimed.node, claimed.lease)),
        None,
    )
    lines = (
        ("用紙", title),
        ("番号", f"{claimed.serial:08d}-{qr.check_digits(claimed.serial)}"),
        ("拠点・綴り", f"{key.name or claimed.node if key else claimed.node}・{claimed.lease}"),
    )
    if key is None:
        verdict, sentence = Verdict.UNKNOWN_SIGNER, SENTENCES[Verdict.UNKNOWN_SIGNER]
    else:
        try:
            qr.open_form(text, key.key)
            verdict, sentence = Verdict.GENUINE, BLANK
        except qr.Unreadable:
            verdict, sentence = Verdict.ALTERED, SENTENCES[Verdict.ALTERED]
    return Answer(verdict, sentence, title, key.name if key else "", claimed, lines)


def _title(paper: str) -> str:
    """The name of a form as the model town calls it; only words without braces are needed."""
    words = model_form("town")["words"]
    return str(model_form(paper)["title"]).format_map(words)


def _lines(facts: Facts) -> tuple[tuple[str, str], ...]:
    own = OWN_LINES[type(facts)](facts)
    shown = [("番号", facts.number), ("発行", japanese.moment(facts.issued_at)), *own]
    entry: EntryName | None = getattr(facts, "entry", None)
    if entry is not None and entry.sheet:
        shown.append(("台帳の記入", f"{entry.sheet} 第{entry.number}番（{entry.hash.hex()[:8]}…）"))
    return tuple(shown)


def _permit(facts: PermitFacts) -> list[tuple[str, str]]:
    return [
        ("使用施設", facts.unit),
        ("使用日時", spans(facts.periods)),
        ("人数", f"{facts.headcount}人"),
        ("使用料", japanese.yen(facts.fee_yen)),
    ]


def _notice(facts: NoticeFacts) -> list[tuple[str, str]]:
    money = {"change": "使用料", "revocation": "還付する額", "refund": "還付する額"}
    shown = [
        ("決定", DECISIONS[facts.notice]),
        ("許可番号", facts.permit_number),
        ("使用施設", facts.unit),
        ("使用日時", spans(facts.periods)),
    ]
    if facts.notice in money:
        shown.append((money[facts.notice], japanese.yen(facts.yen)))
    return shown


def _receipt(facts: ReceiptFacts) -> list[tuple[str, str]]:
    return [
        ("金額", japanese.yen(facts.amount_yen)),
        ("うち消費税額等", japanese.yen(facts.tax_yen)),
        ("受領の方法", METHODS[facts.method]),
        *([("許可番号", facts.permit_number)] if facts.permit_number else []),
    ]


def _certificate(facts: CertificateFacts) -> list[tuple[str, str]]:
    options = model_form("disaster_certificate")["fields"]["grade"]["options"]
    label = next(each["label"] for each in options if each["id"] == facts.grade)
    return [
        ("住家の被害の程度", label),
        ("罹災した日", japanese.wareki(facts.cause_on)),
        ("部数", f"{facts.copy_number}部目"),
    ]


def _card(facts: CardFacts) -> list[tuple[str, str]]:
    return [("有効期限", japanese.wareki(facts.valid_until))]


OWN_LINES: Mapping[type[Any], Callable[[Any], list[tuple[str, str]]]] = {
    PermitFacts: _permit,
    ReceiptFacts: _receipt,
    CertificateFacts: _certificate,
    CardFacts: _card,
    NoticeFacts: _notice,
}
