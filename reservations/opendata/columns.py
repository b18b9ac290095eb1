"""The columns of the national formats and the names under which towns write them.

`STANDARD` is the 56-column 公共施設一覧 of the 自治体標準オープンデータセット; the older
推奨データセット and what towns make of both are mapped onto it. Everything inside uses these names.
"""

from __future__ import annotations

from collections.abc import Mapping

from reservations.opendata.tables import header_key

STANDARD: tuple[str, ...] = (
    "全国地方公共団体コード", "ID", "地方公共団体名", "名称", "名称_カナ", "名称_英字", "名称_通称",
    "POIコード", "外部識別子", "外部識別子の値", "所在地_全国地方公共団体コード", "町字ID",
    "所在地_連結表記", "所在地_都道府県", "所在地_市区町村", "所在地_町字", "所在地_番地以下",
    "建物名等(方書)", "緯度", "経度", "高度の種別", "高度の値", "電話番号", "内線番号",
    "連絡先メールアドレス", "連絡先FormURL", "連絡先備考（その他、SNSなど）", "郵便番号",
    "法人番号",
    "団体名", "利用可能曜日", "開始時間", "終了時間", "利用可能時間特記事項", "説明", "車椅子可",
    "車椅子貸出", "ツエ貸出", "バリアフリートイレ", "スロープ、エレベータ、エスカレータ",
    "点字ブロック等の移動支援", "点字や読上による支援", "盲導犬・介助犬、聴導犬同伴", "字幕",
    "筆談対応",
    "優先駐車場", "オストメイト対応トイレ", "授乳室", "おむつ替えコーナー", "飲食可否",
    "ベビーカー貸出",
    "ベビーカー利用", "URL", "画像", "画像_ライセンス", "備考",
)  # fmt: skip

ACCESSIBILITY: tuple[str, ...] = STANDARD[35:52]

# Published, but not ours to show: an address of a person's desk is for the clerk, never a screen.
PRIVATE_COLUMNS: frozenset[str] = frozenset({"連絡先メールアドレス"})

# The older definition (24 columns), and what is found in the wild, by canonical column.
_ALSO_CALLED: dict[str, tuple[str, ...]] = {
    "全国地方公共団体コード": (
        "都道府県コード又は市区町村コード", "地方公共団体コード", "市区町村コード", "自治体コード",
        "団体コード", "都道府県コードまたは市区町村コード", "lgcode",
    ),
    "ID": ("NO", "No.", "番号", "施設ID", "施設番号", "整理番号", "通番", "連番"),
    "地方公共団体名": ("自治体名", "団体名称"),
    "名称": ("施設名", "施設名称", "公共施設名", "施設の名称", "名前", "館名", "name"),
    "名称_カナ": (
        "施設名_カナ", "施設名カナ", "名称カナ", "施設名(カナ)", "名称(カナ)", "フリガナ",
        "ふりがな",
        "施設名称_カナ", "カナ", "施設名ふりがな", "施設名フリガナ",
    ),
    "名称_英字": (
        "名称_英語", "英語名", "施設名_英字", "名称(英語)", "施設名(英語)", "英語表記",
        "英字名称",
    ),
    "名称_通称": ("通称", "愛称", "名称(通称)"),
    "POIコード": ("POI", "POI種別", "poi_code"),
    "所在地_全国地方公共団体コード": ("所在地_市区町村コード",),
    "所在地_連結表記": (
        "住所", "所在地", "施設所在地", "住所(所在地)", "所在地住所", "address", "住所_連結表記",
    ),
    "所在地_都道府県": ("都道府県名", "都道府県", "所在地_都道府県名"),
    "所在地_市区町村": (
        "市区町村名", "市区町村", "市町村名", "市町村", "区市町村", "区市町村名",
        "所在地_市区町村名", "自治体",
    ),
    "所在地_町字": ("町字", "町名", "大字", "所在地_町名"),
    "所在地_番地以下": ("番地", "番地以下", "所在地_番地"),
    "建物名等(方書)": ("方書", "建物名", "建物名等", "住所_方書"),
    "緯度": ("lat", "latitude", "緯度(世界測地系)", "y座標", "北緯", "緯度(10進)", "緯度(度)"),
    "経度": (
        "lng", "lon", "longitude", "経度(世界測地系)", "x座標", "東経", "経度(10進)", "経度(度)",
    ),
    "電話番号": ("電話", "TEL", "連絡先電話番号", "問合せ電話番号", "連絡先", "電話番号(代表)"),
    "内線番号": ("内線",),
    "連絡先メールアドレス": ("メールアドレス", "メール", "E-mail", "email", "mail", "連絡先メール"),
    "連絡先FormURL": ("問合せフォームURL", "フォームURL"),
    "連絡先備考（その他、SNSなど）": ("連絡先備考",),
    "郵便番号": ("〒", "郵便", "所在地_郵便番号"),
    "団体名": ("所管", "所管課", "担当課", "管理者", "運営者", "団体の名称"),
    "利用可能曜日": ("開館日", "開館曜日", "利用曜日", "開所日", "営業日", "開設日", "利用可能日"),
    "開始時間": (
        "開館時間_開始", "利用開始時間", "開始時刻", "開館時刻", "開園時間_開始",
        "利用可能時間_開始",
    ),
    "終了時間": (
        "開館時間_終了", "利用終了時間", "終了時刻", "閉館時刻", "利用可能時間_終了", "閉館時間",
    ),
    "利用可能時間特記事項": (
        "利用可能日時特記事項", "利用可能時間_特記事項", "開館時間特記事項", "休館日",
        "休館日等", "定休日",
        "休業日", "休所日", "利用時間特記事項",
    ),
    "説明": ("概要", "施設概要", "施設の説明", "施設説明"),
    "バリアフリー情報": ("バリアフリー",),
    "URL": (
        "ホームページ", "ウェブサイト", "HP", "サイトURL", "公式URL", "ホームページURL",
        "WEBサイト",
    ),
    "画像_ライセンス": ("画像ライセンス",),
    "備考": ("特記事項", "その他", "注記"),
}  # fmt: skip

CLOSED_DAY_HEADERS = frozenset(
    header_key(h) for h in ("休館日", "休館日等", "定休日", "休業日", "休所日")
)


def known_headers(*tables: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Squeezed header -> canonical column, for the given tables of names; the first one wins."""
    known: dict[str, str] = {}
    for table in tables:
        for canonical, others in table.items():
            for header in (canonical, *others):
                known.setdefault(header_key(header), canonical)
    return known


FACILITY_HEADERS: dict[str, str] = known_headers(dict.fromkeys(STANDARD, ()), _ALSO_CALLED)
