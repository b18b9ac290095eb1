"""The words of every refusal: what is the matter, and what to do. One sentence or two a code.

Japanese is the source; translations/ has the other languages. tests/tidy proves that every code
has its words in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from reservations.errors import Refusal, RefusalCode
from reservations.rules.rights import Role
from reservations.web import language
from reservations.web.language import N_, gettext

Code = RefusalCode

ROLES: Mapping[Role, str] = {
    Role.COUNTER: N_("窓口"),
    Role.MANAGER: N_("管理者"),
    Role.APPROVER: N_("決裁者"),
    Role.CASHIER: N_("出納"),
    Role.AUDITOR: N_("監査"),
    Role.SYSTEM: N_("システム"),
}

WORDS: dict[RefusalCode, Any] = {
    Code.MALFORMED: _l("入力の形が正しくありません。下の項目を確かめてください。"),
    Code.TOO_LARGE: _l("送られた内容が大きすぎます。文章を短くして、もう一度送ってください。"),
    Code.CSRF: _l("画面を開いてから時間がたちました。このまま、もう一度ボタンを押してください。"),
    Code.THROTTLED: _l("続けて間違えたため、%(seconds)s秒待ってから、もう一度お試しください。"),
    Code.SIGN_IN_NEEDED: _l("ログインが必要です。"),
    Code.SIGN_IN_FAILED: _l("ログインの名前かパスワードが違います。もう一度入力してください。"),
    Code.CODE_WRONG: _l(
        "番号が違うか、使用済みです。アプリに今出ている6けたか、まだ使っていない緊急コードを入れてください。"
    ),
    Code.PASSKEY_WRONG: _l(
        "パスキーを確かめられませんでした。もう一度試すか、ほかの方法でログインしてください。"
    ),
    Code.PASSKEY_UNKNOWN: _l(
        "このパスキーは、ここには登録されていません。パスワードでログインして、登録し直してください。"
    ),
    Code.PASSKEYS_FULL: _l(
        "登録できるパスキーは%(limit)s個までです。使わないものを削除してください。"
    ),
    Code.SIGN_IN_AGAIN: _l(
        "ログインしてから時間がたっています。一度ログアウトし、ログインし直してから、%(minutes)s分以内に続けてください。"
    ),
    Code.LINK_EXPIRED: _l(
        "このリンクは使用済みか、期限が切れています。ログインの画面から入ってください。"
    ),
    Code.FORBIDDEN: _l("このページを見る権限がありません。"),
    Code.NOT_ALLOWED: _l(
        "%(place)sでこの操作ができるのは、%(roles)sだけです。その担当の人に頼むか、管理者に権限を付けてもらってください。"
    ),
    Code.NOT_FOUND: _l("見つかりません。アドレスを確かめるか、はじめの画面から探してください。"),
    Code.OFFICER_UNKNOWN: _l(
        "その鍵は、この地域の責任者のものではありません。"
        "tonari node officer で作った鍵を使ってください。"
    ),
    Code.NOT_ASKED_FOR: _l(
        "その番号の申請がないか、14日を過ぎています。1人目の責任者が、もう一度申請してください。"
    ),
    Code.SAME_OFFICER: _l("申請した人は承認できません。別の責任者の鍵で承認してください。"),
    Code.KEY_REUSED: _l(
        "同じ受付キーで別の内容が送られました。新しいキーで、もう一度送ってください。"
    ),
    Code.LOGIN_TAKEN: _l(
        "このメールアドレスか電話番号は登録済みです。ログインするか、別のものを使ってください。"
    ),
    Code.PASSWORD_WEAK: _l("パスワードは%(length_min)s文字以上にしてください。"),
    Code.NO_SUCH_PLACE: _l("この場所はありません。町、施設、グループの番号を確かめてください。"),
    Code.NOT_STAFF: _l("この名前の職員はいません。職員として登録してから、権限を付けてください。"),
    Code.UNTIL_TOO_EARLY: _l("終わりの日が、始まりの日か今日より前です。日付を確かめてください。"),
    Code.MODE: _l("今は災害時の運用中のため、この手続きを止めています。窓口にお尋ねください。"),
    Code.UNIT_UNKNOWN: _l("この室場は見つかりません。施設のページから選び直してください。"),
    Code.UNIT_UNCONFIRMED: _l(
        "この室場は、開館日と時間を確認中のため、まだ予約できません。施設に電話でお尋ねください。"
    ),
    Code.PURPOSE_NOT_ALLOWED: _l(
        "この室場は、その目的では使えません。目的か室場を変えてください。"
    ),
    Code.OVER_CAPACITY: _l("定員は%(capacity)s人です。人数を減らすか、広い室場を選んでください。"),
    Code.OFF_GRID: _l("時刻は15分きざみで入力してください。"),
    Code.PAST: _l("すでに始まっている時間か、過ぎた日です。これからの日時を選んでください。"),
    Code.NOT_YET_OPEN: _l("予約の受付は%(opens_on)sからです。"),
    Code.TOO_LATE: _l("受付は開始の%(minutes)s分前までです。窓口に電話でお尋ねください。"),
    Code.CLOSED_DAY: _l("この日は休館日です。別の日を選んでください。"),
    Code.OUTSIDE_HOURS: _l("この日に貸し出す時間は%(open)sです。その中で選んでください。"),
    Code.NOT_A_FRAME: _l("この室場は決まった時間帯で貸し出しています。時間帯を選んでください。"),
    Code.TOO_LONG: _l("一度に借りられるのは%(hours_max)g時間までです。"),
    Code.NO_PRICE: _l("この時間の料金が決まっていません。施設に電話でお尋ねください。"),
    Code.REASON_NEEDED: _l(
        "きまりの外で予約するには、理由を%(most)s文字までで書いてください。理由は記録に残ります。"
    ),
    Code.PARTY_SUSPENDED: _l(
        "この町では%(until)sまで利用停止中のため、予約できません。窓口にお尋ねください。"
    ),
    Code.LIMIT_REACHED: _l(
        "この町で同時に持てる予約は%(limit)s件までです（今%(used)s件）。"
        "使わない予約を取り消すと、予約できます。"
    ),
    Code.OWN_OVERLAP: _l("同じ時間に、別の予約をお持ちです。予約一覧で確かめてください。"),
    Code.TAKEN: _l("ほかの方の予約が先に入りました。下の空きから選んでください。"),
    Code.PROTECTED: _l(
        "この時間は、避難所などの災害対応に使われているため、閉められません。"
        "ほかの日時にするか、災害対応の担当に確かめてください。"
    ),
    Code.CLOSED_ALREADY: _l(
        "この時間には、すでに閉めてある時間が重なっています。"
        "先にそれをやめるか、重ならない時間にしてください。"
    ),
    Code.NOT_SEEN: _l(
        "見ている間に予約が%(count)s件増えたか、変わりました。まだ何も取り消していません。"
        "下で確かめて、もう一度押してください。"
    ),
    Code.REPLACED: _l("この予約のかわりは、すでに予約してあります。予約一覧で確かめてください。"),
    Code.HELD_ELSEWHERE: _l(
        "この日の台帳は今ここにないため、ここでは決められません。"
        "台帳を持つ施設の窓口で手続きしてください。"
    ),
    Code.CHANGING: _l(
        "この予約は、変更の返事を待っています。返事を待つか、変更の申し込みを取り消してください。"
    ),
    Code.NOT_ACTIVE: _l("この予約は、すでに取り消されています。"),
    Code.ALREADY_STARTED: _l(
        "利用が始まった予約は、ここでは変えられません。窓口にお尋ねください。"
    ),
    Code.NOT_THE_DAY: _l("この手続きは、利用日（%(day)s）の当日だけできます。"),
    Code.NOT_OVER: _l("利用時間がまだ終わっていません。終わってから、もう一度行ってください。"),
    Code.HAS_COME: _l(
        "この予約には来館の記録があります。誤りなら、当日のうちに来館を取り消してください。"
    ),
    Code.NOT_COUNTED: _l(
        "この予約には当てはまらないか、この町で数えない違反です。予約の状態と町のきまりを確かめてください。"
    ),
    Code.ITEM_WRONG: _l("名前は%(most)s文字まで、数は0から9999までで入れてください。"),
    Code.ITEMS_OUT: _l(
        "数が足りません。今渡せるのは%(left)s個です。戻っていないものを確かめてください。"
    ),
    Code.PERMISSION_WAITS: _l(
        "この申請は審査中です。許可書は、許可されてから出ます（回答の目安 %(decide_by)sまで）。"
    ),
    Code.NOT_ASKED: _l("この予約に、審査は要りません。予約番号を確かめてください。"),
    Code.DECIDED_ALREADY: _l(
        "この申請は、すでに決まっているか、台帳を持つ拠点の返事を待っています。審査の一覧で確かめてください。"
    ),
    Code.GROUNDS_NEEDED: _l("理由と条件は、それぞれ%(most)s文字までの文字で書いてください。"),
    Code.NO_PERMIT: _l(
        "許可書があるのは、確定した予約だけです。この予約は取り消されたか、まだ確定していません。"
    ),
    Code.NO_PAPER: _l(
        "この書類は、今のこの予約にはありません。予約のページにある書類から選んでください。"
    ),
    Code.PICTURE_TOO_LARGE: _l(
        "写真が大きすぎます。%(megabytes)sMBまでです。用紙だけを写すか、画質を下げて、もう一度送ってください。"
    ),
    Code.PICTURE_UNREADABLE: _l("写真として読めません。JPEGかPNGかPDFにしてください。"),
    Code.PDF_UNREADABLE: _l(
        "このPDFは壊れています。もう一度スキャンするか、写真で送ってください。"
    ),
    Code.PDF_LOCKED: _l(
        "このPDFにはパスワードがかかっています。複合機の設定でパスワードを外して、"
        "もう一度スキャンしてください。"
    ),
    Code.PDF_TOO_LONG: _l(
        "PDFは%(pages_max)sページまでです。紙を分けて、もう一度スキャンしてください。"
    ),
    Code.PDF_TOO_HEAVY: _l(
        "このPDFは重すぎて読めません。200dpiくらいの白黒で、枚数を減らして、"
        "もう一度スキャンしてください。"
    ),
    Code.NO_CODE: _l(
        "写真の中に用紙の二次元コードが見つかりません。用紙全体を、明るい所で、まっすぐ写してください。"
        "それでも読めなければ、用紙番号を打ってください。"
    ),
    Code.SEVERAL_FORMS: _l("用紙が%(count)s枚写っています。1枚ずつ写してください。"),
    Code.NOT_A_FORM: _l(
        "これは番号つきの申請書ではありません。許可書などは「許可書が本物か確かめる」で確かめ、"
        "原簿や避難者カードは、紙を見て入力してください。"
    ),
    Code.FORM_FORGED: _l(
        "この用紙の二次元コードは、この拠点が印刷したものではありません。"
        "入力せずに別に置いて、責任者に見せてください。"
    ),
    Code.FORM_UNKNOWN: _l(
        "%(node)sの用紙は、この拠点では分かりません。ほかの町や拠点の用紙なら、そこへ渡してください。"
        "受付を始めていない綴りなら、作った拠点で始めてください。"
    ),
    Code.FORM_SETTLED: _l(
        "この番号は、台帳で先に別の内容に決まっています。この紙は未使用の用紙に写し、その番号で入れてください。"
    ),
    Code.FORM_NUMBER_WRONG: _l(
        "この番号の用紙はありません。番号と、うしろの2けたを確かめてください。"
    ),
    Code.FRAMES_OVERLAP: _l(
        "時間帯%(one)sと%(other)sが重なっています。どちらが正しいか確認してください。"
    ),
    Code.FILE_REFUSED: _l("このファイルは読めません。%(reason)s"),
    Code.NOT_QUEUED: _l("この行は確認待ちではありません。"),
    Code.OTHER_PARTY: _l(
        "充てられるのは、同じ利用者のほかの予約です。予約番号を確かめるか、還付してください。"
    ),
    Code.NOTHING_TO_PAY: _l("この予約に、納める料金は残っていません。"),
    Code.AMOUNT_WRONG: _l("金額は1円から99,999,999円までの整数で入力してください。"),
    Code.GIVEN_TOO_LITTLE: _l(
        "預かった金額が%(amount_yen)s円に足りません。金額を確かめて、もう一度入力してください。"
    ),
    Code.REDUCTION_WRONG: _l(
        "減免は、1から100までの率、規則の号、確かめた書類、承認した人を入力してください。"
    ),
    Code.REDUCTION_ASKED: _l("この区分の減免は、すでに申請されています。返事をお待ちください。"),
    Code.REDUCTION_DECIDED: _l("この申請は、すでに決まっています。予約の画面で確かめてください。"),
    Code.ENTRANCE_FEE: _l(
        "この区分は、入場料を取る利用には使えません。入場料を取らないことを確かめて、選んでください。"
    ),
    Code.EVIDENCE_UNSEEN: _l("確かめた書類を、%(kinds)sから選んでください。"),
    Code.NOT_TO_REFUND: _l(
        "この入金から今還付できるのは%(most_yen)s円までです。予約の入金と還付を確かめてください。"
    ),
    Code.REFUND_NOT_DECIDED: _l(
        "この還付はまだ決まっていないか、支払いが済んでいます。予約の画面で確かめてください。"
    ),
    Code.RECEIPT_ELSEWHERE: _l("この入金の領収書は、お金を受け取った拠点で出します。"),
    Code.DAY_NOT_OVER: _l("まだ来ていない日は締められません。日付を確かめてください。"),
    Code.DAY_CLOSED: _l("この日の現金は、すでに締めてあります。"),
    Code.DIFFERENCE_UNEXPLAINED: _l(
        "数えた金額と帳簿の差が%(difference_yen)s円あります。数え直すか、理由を書いてください。"
    ),
    Code.MONTH_NOT_OVER: _l("まだ終わっていない月は締められません。月を確かめてください。"),
    Code.MONTH_SETTLED: _l(
        "この月の精算は、すでに締めてあります。あとから届いた分は、次の月に入ります。"
    ),
    Code.AT_HUB_ONLY: _l("精算は、すべての拠点の記録が届く本部で締めてください。"),
    Code.PARTY_NOT_HERE: _l(
        "この方の情報は、この拠点に届いていないか、消去されています。登録した窓口で手続きしてください。"
    ),
    Code.CHANGED_MEANWHILE: _l(
        "画面を開いたあとに、別の人がここを変えました。"
        "下の今の内容を確かめて、よければもう一度押してください。"
    ),
    Code.UNTIL_WRONG: _l("期限は、きょうから%(last)sまでの日にしてください。"),
    Code.NO_DELEGATE: _l(
        "この代理の期限が切れたか、代理が終わっています。ご本人に確かめるか、代理の登録をやり直してください。"
    ),
    Code.ROSTER_TOO_SMALL: _l(
        "この町の団体は%(least)s人以上です。あと%(missing)s人を名簿に足してください。"
    ),
    Code.ROSTER_NOT_LOCAL: _l(
        "この町の団体は、%(percent)s%%以上が在住・在勤・在学です。あと%(missing)s人足りません。"
        "名簿を確かめるか、市外として登録してください。"
    ),
    Code.ROSTER_OVERLAPS: _l(
        "ほかの団体と重なる人は%(percent)s%%までです。%(over)s人多く重なっています。"
        "だれかはお伝えできません。名簿を確かめてください。"
    ),
    Code.ROSTER_UNCOMPARED: _l(
        "ほかの団体との重なりを、この拠点ではまだ確かめられません。"
        "本部とつながったあとで名簿をもう一度保存するか、本部の窓口で手続きしてください。"
    ),
}

# Days that may lie years away, so that the year is said.
_FAR = frozenset({"last"})


def sentence(refusal: Refusal) -> str:
    """The refusal in the reader's language, with its values filled in."""
    values = {name: _shown(name, value) for name, value in refusal.params.items()}
    words = str(WORDS[refusal.code])
    try:
        return words % values
    except KeyError as missing:
        raise AssertionError(f"{refusal!r} has no value for {missing}") from None


def sentences(refusal: Refusal) -> list[str]:
    """This refusal and the weaker ones that came with it."""
    return [sentence(each) for each in (refusal, *refusal.others)]


def _shown(name: str, value: Any) -> Any:
    if name == "roles":
        return language.comma().join(gettext(ROLES[each]) for each in value)
    if not isinstance(value, date):
        return value
    return language.long_day_text(value) if name in _FAR else language.day_text(value)
