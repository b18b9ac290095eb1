"""A town's papers in words: what its forms say as long as it has not said so itself.

Another town's ordinance, article or deadline never stands on a paper. What is not known of a town
is said in general words that are true of any; what is known (its name, its word for a permit, its
refund steps) is filled in. The shape is that of printables' town file, `models/town.toml`.
"""

from __future__ import annotations

from typing import Any

from reservations.rules.town import RefundStep, TownRules

SAMPLE = "見本"
_USES = ("使用", "利用")
_PREFECTURE_ENDINGS = ("都", "道", "府", "県")


def words_of(permit_word: str) -> tuple[str, str]:
    """使用許可 as ("使用", "許可"): what is done with a place, and how a town allows it."""
    for use in _USES:
        if permit_word.startswith(use) and len(permit_word) > len(use):
            return use, permit_word.removeprefix(use)
    return _USES[0], permit_word


def head_of(town_name: str) -> str:
    """Who decides for a town, as long as it names nobody else: 市長, 町長, 知事."""
    ending = "知事" if town_name.endswith(_PREFECTURE_ENDINGS) else "長"
    return f"{town_name}{ending}"


def title(paper: str, rules: TownRules) -> str:
    """What a paper about a booking is called, in the town's own word for a permit."""
    use, permit = words_of(rules.permit_word)
    return {
        "permit": f"{use}{permit}書",
        "change_permit": f"{use}変更{permit}書",
        "change_refusal": f"{use}変更不{permit}通知書",
        "revocation_notice": f"{use}{permit}取消通知書",
        "cancel_request": f"{use}取消届",
        "refund_notice": "料金還付決定通知書",
        "refusal_notice": f"{use}不{permit}通知書",
        "reduction_notice": "料金減免決定通知書",
        "reduction_refusal": "料金減免不承認通知書",
        "receipt": "領収書",
        "day_sheet": "現金日計表",
        "settlement_sheet": "市町間精算書",
    }[paper]


def reason_taken(rules: TownRules) -> str:
    """Why a wish that came second was refused; no article, as no town's is known."""
    use, permit = words_of(rules.permit_word)
    return (
        f"申請のあった日時には、先に決まった予約があり、同じ場所の{use}を重ねて{permit}することが"
        "できないため。"
    )


def reason_closed(rules: TownRules) -> str:
    """Why a wish for a time that the town closed was refused."""
    use, permit = words_of(rules.permit_word)
    return f"申請のあった日時に施設を閉めることとし、{use}を{permit}することができないため。"


def marking(rules: TownRules) -> str:
    """見本 on every paper until the town has read its forms and confirmed them."""
    return "" if rules.has_confirmed_forms else SAMPLE


def forms(town_name: str, rules: TownRules, *, contact: str) -> dict[str, Any]:
    """The changes to the model forms that hold for a town which has set none of its own.

    contact   whom the papers tell to ask, with the telephone number where one is known
    """
    use, permit = words_of(rules.permit_word)
    head = head_of(town_name)
    return {
        "name": town_name,
        "words": {
            "use": use,
            "permit": permit,
            "fee": "料金",
            "facility": "",
            "ordinance": "条例",
            "regulation": "規則",
            "authority": head,
            "reviewer": head,
            "contact": contact,
            "disaster_contact": contact,
        },
        "articles": {"application": ""},
        "issuers": {
            "default": {"lines": [head], "seal": "omitted"},
            "mayor": {"lines": [head], "seal": "omitted"},
            "cashier": {"lines": [town_name], "seal": "frame"},
        },
        "texts": {"permit_conditions": conditions(rules)},
        "forms": _forms(use, permit),
    }


def conditions(rules: TownRules) -> list[str]:
    """許可の条件: what holds everywhere, and what comes back by this town's own steps."""
    return [
        "この{use}{permit}書（画面に表示したものを含みます。）は、当日お持ちになり、係員に見せてください。",
        "{use}の権利を他人に譲り、又は転貸することはできません。",
        "{permit}を受けた目的以外に{use}することはできません。",
        *_refunds(rules.refund_steps),
        "災害その他の緊急の場合に施設を避難所等として用いるときは、{permit}を取り消すことがあります。"
        "その場合の{fee}の還付は、条例及び規則の定めるところによります。",
        "{use}を終えたときは、設備を元の状態に戻してください。施設や設備を損なったときは、"
        "その損害を賠償していただくことがあります。",
    ]


def _refunds(steps: tuple[RefundStep, ...]) -> list[str]:
    if not steps:
        return ["取りやめたときの{fee}は、還付しません。"]
    told = "、".join(f"{_until(step)}は{_share(step)}" for step in steps)
    return [f"取りやめたときの{{fee}}の還付は、{told}です。それより後は還付しません。"]


def _until(step: RefundStep) -> str:
    return f"{{use}}日の{step.days_before}日前まで" if step.days_before else "{use}の始まりまで"


def _share(step: RefundStep) -> str:
    return "全額" if step.percent == 100 else f"{step.percent}％"


def _forms(use: str, permit: str) -> dict[str, Any]:
    contact = {"kind": "text", "text": "問合せ先　{contact}", "size": 8.5, "gap": 3.0}
    letter = ["　", "{applicant}　様"]
    return {
        "permit": {
            "form_id": f"{use}{permit}書／版1",
            "order": [
                "head", "title", "issuer", "body", "granted", "fees", "paid", "conditions",
                "own_conditions", "appeal", "proof", "asked",
            ],
            "blocks": {
                "head": {"form": "", "left": letter},
                "body": {
                    "text": "　{applied_on}付けで申請のあった施設の{use}について、"
                    "次のとおり{permit}します。"
                },
                "granted": {
                    "rows": [
                        ["permit_number"],
                        ["unit"],
                        ["periods"],
                        ["purpose"],
                        ["headcount", "responsible"],
                    ]
                },
                "proof": {
                    "when": "code",
                    "text": "この{use}{permit}書が正しいことは、二次元コードを読み取って"
                    "確かめられます。取消しの有無は、施設の台帳で確認してください。",
                },
                "asked": contact,
            },
            "fields": {
                "purpose": {"blank": "（指定なし）"},
                "headcount": {"blank": "（指定なし）"},
            },
        },
        **_notices(use, permit, letter),
        "timetable": {},
        "receipt": {"form_id": "領収書／版1"},
        "day_sheet": {"form_id": "現金日計表／版1"},
        "settlement_sheet": {"form_id": "市町間精算書／版1"},
        "application_form": {
            "form_id": f"{use}{permit}申請書／版1",
            "blocks": {
                "head": {"right": ["{applied_on}"]},
                "body": {"text": "　次のとおり、施設の{use}の{permit}を申請します。"},
            },
            "fields": {"reduction_clause": {"blank": ""}},
        },
    }  # fmt: skip


def _notices(use: str, permit: str, letter: list[str]) -> dict[str, Any]:
    """What becomes of a booking, each form without another town's number or article."""
    return {
        "change_permit": {
            "form_id": f"{use}変更{permit}書／版1",
            "blocks": {"head": {"form": "", "left": letter}},
        },
        "revocation_notice": {
            "form_id": f"{use}{permit}取消通知書／版1",
            "blocks": {
                "head": {"form": "", "left": letter},
                "body": {
                    "text": "　{permitted_on}付けで{permit}した施設の{use}について、"
                    "次のとおり{permit}を取り消したので通知します。"
                },
            },
        },
        "change_refusal": {
            "form_id": f"{use}変更不{permit}通知書／版1",
            "blocks": {"head": {"form": "", "left": letter}},
        },
        "refund_notice": {
            "form_id": "料金還付決定通知書／版1",
            "blocks": {
                "head": {"form": "", "left": letter},
                "body": {
                    "text": "　{applied_on}付けで取消しの届出のあった施設の{use}について、"
                    "{fee}の還付を次のとおり決定したので通知します。"
                },
            },
        },
        "refusal_notice": {
            "form_id": f"{use}不{permit}通知書／版1",
            "blocks": {
                "head": {"form": "", "left": letter},
                "body": {
                    "text": "　{applied_on}付けで申請のあった施設の{use}については、"
                    "次のとおり{permit}しないことに決定したので通知します。"
                },
            },
        },
        "reduction_notice": {
            "form_id": "料金減免決定通知書／版1",
            "blocks": {"head": {"form": "", "left": letter}},
        },
        "reduction_refusal": {
            "form_id": "料金減免不承認通知書／版1",
            "blocks": {"head": {"form": "", "left": letter}},
        },
        "cancel_request": {
            "form_id": f"{use}取消届／版1",
            "blocks": {
                "head": {"right": ["{applied_on}"]},
                "body": {"text": "　{permit}を受けた{use}を取りやめたので、届け出ます。"},
                "enclosed": {"is_hidden": True},
            },
        },
    }
