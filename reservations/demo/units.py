"""Units for facilities whose open data names none: invented, and marked as invented.

What a facility gets follows from its name and POI code; which of several real shapes follows from
the seed. No open list of Japan says which rooms a gym has, so this is the least invention that
shows every way of lending: whole, half, third and diagonal courts, frames and free intervals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from reservations.demo import tariffs
from reservations.demo.tariffs import Table

NOTE = "デモ用に作った室場です。実際の施設の室場・料金ではありません。"

# Names of public schools: their gyms are lent outside of lessons (学校開放).
SCHOOL = re.compile("小学校|中学校|小中学校|義務教育学校|学園|高等学校|高校")

# code, Japanese, English: in the order in which screens list them.
PURPOSES = (
    ("badminton", "バドミントン", "Badminton"),
    ("basketball", "バスケットボール", "Basketball"),
    ("volleyball", "バレーボール", "Volleyball"),
    ("table_tennis", "卓球", "Table tennis"),
    ("futsal", "フットサル", "Futsal"),
    ("tennis", "テニス", "Tennis"),
    ("soccer", "サッカー", "Football"),
    ("baseball", "野球・ソフトボール", "Baseball and softball"),
    ("martial_arts", "武道", "Martial arts"),
    ("dance", "ダンス", "Dance"),
    ("yoga", "ヨガ・体操", "Yoga and exercise"),
    ("choir", "合唱", "Choir"),
    ("band", "楽器・バンド練習", "Instruments and bands"),
    ("meeting", "会議", "Meeting"),
    ("lecture", "講演・講座", "Lecture or class"),
    ("performance", "発表会・公演", "Performance"),
    ("cooking", "料理", "Cooking"),
    ("tea_ceremony", "茶道・華道", "Tea ceremony and flowers"),
    ("painting", "絵画・書道", "Painting and calligraphy"),
    ("childrens_play", "子どもの遊び", "Children's play"),
)

_FLOOR = ("badminton", "basketball", "volleyball", "table_tennis", "futsal", "dance", "yoga")
_HALF = ("badminton", "basketball", "volleyball", "table_tennis", "dance", "yoga")
_THIRD = ("badminton", "table_tennis", "yoga", "childrens_play")
_BUDO = ("martial_arts", "dance", "yoga")
_ROOM = ("meeting", "lecture", "painting", "choir")
_LARGE = ("meeting", "lecture", "choir", "dance", "yoga", "childrens_play", "table_tennis")
_TATAMI = ("tea_ceremony", "meeting", "painting", "yoga", "childrens_play")
_STAGE = ("performance", "lecture", "choir", "band", "dance")


@dataclass(frozen=True, slots=True)
class Piece:
    """One unit: which of the facility's parts it takes (by position), and its terms."""

    name: str
    name_en: str
    parts: tuple[int, ...]
    kind: str
    capacity: int | None
    area_m2: int | None
    purposes: tuple[str, ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that is lent in one facility. `hours` where the town's list gives none."""

    parts: tuple[str, ...]
    pieces: tuple[Piece, ...]
    hours: tuple[int, int]


def shape_of(name: str, poi_code: str, random: Random) -> Shape | None:
    """What a facility of this name is given, or None where nothing would be lent."""
    for pattern, make in _BY_NAME:
        if re.search(pattern, name):
            return make(name, random)
    make_by_code = _BY_POI.get(poi_code)
    return make_by_code(name, random) if make_by_code else None


def gym(name: str, random: Random) -> Shape:
    """A gym: two halves, three thirds, four quarters with diagonals, or one floor."""
    if re.search("柔道|剣道|弓道|相撲|プール", name):
        return budo(name, random)
    table = random.choice(tariffs.GYMS)
    make = random.choice((halves, halves, _thirds, _quarters, _one_floor))
    return make(table)


def halves(table: Table) -> Shape:
    """Whole and two halves."""
    half = table.scaled(50)
    return Shape(
        ("アリーナ A面", "アリーナ B面"),
        (
            Piece("アリーナ 全面", "Arena, whole", (0, 1), "gym", 200, 1080, _FLOOR, table),
            Piece("アリーナ A面(1/2)", "Arena, half A", (0,), "gym", 100, 540, _HALF, half),
            Piece("アリーナ B面(1/2)", "Arena, half B", (1,), "gym", 100, 540, _HALF, half),
        ),
        (36, 88),
    )


def _thirds(table: Table) -> Shape:
    third, two = table.scaled(35), table.scaled(68)
    singles = tuple(
        Piece(f"アリーナ {n + 1}/3面", f"Arena, third {n + 1}", (n,), "gym", 60, 400, _THIRD, third)
        for n in range(3)
    )
    return Shape(
        ("アリーナ 第1面", "アリーナ 第2面", "アリーナ 第3面"),
        (
            Piece("アリーナ 全面", "Arena, whole", (0, 1, 2), "gym", 240, 1200, _FLOOR, table),
            Piece(
                "アリーナ 2/3面(第1・2)",
                "Arena, 2/3 (1 and 2)",
                (0, 1),
                "gym",
                120,
                800,
                _HALF,
                two,
            ),
            Piece(
                "アリーナ 2/3面(第2・3)",
                "Arena, 2/3 (2 and 3)",
                (1, 2),
                "gym",
                120,
                800,
                _HALF,
                two,
            ),
            *singles,
        ),
        (36, 88),
    )


def _quarters(table: Table) -> Shape:
    half, quarter = table.scaled(50), table.scaled(25)
    corners = ("北西", "北東", "南西", "南東")
    names = ("North-west", "North-east", "South-west", "South-east")
    singles = tuple(
        Piece(
            f"アリーナ {corner}(1/4)",
            f"Arena, {names[n].lower()}",
            (n,),
            "gym",
            40,
            300,
            _THIRD,
            quarter,
        )
        for n, corner in enumerate(corners)
    )
    return Shape(
        tuple(f"アリーナ {corner}" for corner in corners),
        (
            Piece("アリーナ 全面", "Arena, whole", (0, 1, 2, 3), "gym", 240, 1200, _FLOOR, table),
            Piece("アリーナ 北半面", "Arena, north half", (0, 1), "gym", 100, 600, _HALF, half),
            Piece("アリーナ 南半面", "Arena, south half", (2, 3), "gym", 100, 600, _HALF, half),
            Piece(
                "アリーナ 対角A(北西・南東)",
                "Arena, diagonal A",
                (0, 3),
                "gym",
                80,
                600,
                _THIRD,
                half,
            ),
            Piece(
                "アリーナ 対角B(北東・南西)",
                "Arena, diagonal B",
                (1, 2),
                "gym",
                80,
                600,
                _THIRD,
                half,
            ),
            *singles,
        ),
        (36, 88),
    )


def _one_floor(table: Table) -> Shape:
    half = table.scaled(60)
    return Shape(
        ("体育室",),
        (Piece("体育室", "Gymnasium", (0,), "gym", 80, 480, _FLOOR, half),),
        (36, 86),
    )


def budo(name: str, random: Random) -> Shape:
    """Two dojo floors that also open into one."""
    table = random.choice((tariffs.NISHIWAKI, tariffs.CLOVER, tariffs.NANTO)).scaled(40)
    one, other = ("柔道場", "剣道場") if "弓道" not in name else ("近的射場", "遠的射場")
    names = ("Judo hall", "Kendo hall") if "弓道" not in name else ("Near range", "Far range")
    single = table.scaled(60)
    return Shape(
        (one, other),
        (
            Piece("道場 全面", "Dojo, whole", (0, 1), "gym", 80, 400, _BUDO, table),
            Piece(one, names[0], (0,), "gym", 40, 200, _BUDO, single),
            Piece(other, names[1], (1,), "gym", 40, 200, _BUDO, single),
        ),
        (36, 86),
    )


def tennis(_name: str, random: Random) -> Shape:
    """Courts side by side, each lent alone."""
    count, table = random.choice((2, 3, 4)), random.choice(tariffs.COURTS)
    return Shape(
        tuple(f"{n + 1}番コート" for n in range(count)),
        tuple(
            Piece(f"{n + 1}番コート", f"Court {n + 1}", (n,), "court", 10, 264, ("tennis",), table)
            for n in range(count)
        ),
        (36, 84),
    )


def ground(name: str, _random: Random) -> Shape:
    """A ground: baseball diamond, or a field that is cut into halves."""
    if re.search("野球|球場", name):
        piece = Piece("球場", "Diamond", (0,), "field", 60, 11_000, ("baseball",), tariffs.GROUND)
        return Shape(("球場",), (piece,), (28, 76))
    sports = ("soccer", "baseball", "childrens_play")
    half = tariffs.GROUND.scaled(55)
    return Shape(
        ("東面", "西面"),
        (
            Piece(
                "グラウンド 全面",
                "Ground, whole",
                (0, 1),
                "field",
                200,
                12_000,
                sports,
                tariffs.GROUND,
            ),
            Piece("グラウンド 東面", "Ground, east", (0,), "field", 80, 6_000, sports, half),
            Piece("グラウンド 西面", "Ground, west", (1,), "field", 80, 6_000, sports, half),
        ),
        (28, 76),
    )


def hall(_name: str, random: Random) -> Shape:
    """A house with a stage, a rehearsal room, a studio by the hour and a meeting room."""
    percent = random.choice((60, 80, 100, 130))
    stage, both = tariffs.HALL.scaled(percent), tariffs.HALL.scaled(percent + 15)
    sound = ("choir", "band", "dance")
    with_room = "Main hall with rehearsal room"
    return Shape(
        ("大ホール", "リハーサル室", "音楽練習室", "会議室"),
        (
            Piece("大ホール", "Main hall", (0,), "hall", 600, 900, _STAGE, stage),
            Piece("大ホール・リハーサル室", with_room, (0, 1), "hall", 600, 1_000, _STAGE, both),
            Piece(
                "リハーサル室", "Rehearsal room", (1,), "music", 40, 100, sound, tariffs.LARGE_ROOM
            ),
            Piece("音楽練習室", "Studio", (2,), "music", 12, 35, ("band", "choir"), tariffs.STUDIO),
            Piece("会議室", "Meeting room", (3,), "room", 24, 60, _ROOM, tariffs.ROOM),
        ),
        (36, 88),
    )


def community(_name: str, random: Random) -> Shape:
    """A community centre: a large room, tatami, a kitchen, and two rooms with a sliding wall."""
    table = random.choice(tariffs.ROOMS)
    pieces = [
        Piece("集会室", "Assembly room", (0,), "room", 80, 150, _LARGE,
              tariffs.LARGE_ROOM if table is not tariffs.FREE_ROOM else tariffs.FREE_ROOM),
        Piece("和室", "Tatami room", (1,), "room", 20, 40, _TATAMI, table),
    ]  # fmt: skip
    parts = ["集会室", "和室"]
    if random.random() < 0.45:
        parts.append("調理室")
        kitchen = Piece("調理室", "Kitchen", (2,), "kitchen", 24, 60, ("cooking",), table)
        pieces.append(kitchen)
    if random.random() < 0.4:
        at = len(parts)
        parts += ["会議室1", "会議室2"]
        both = table.scaled(180)
        pieces += [
            Piece("会議室1", "Meeting room 1", (at,), "room", 18, 36, _ROOM, table),
            Piece("会議室2", "Meeting room 2", (at + 1,), "room", 18, 36, _ROOM, table),
            Piece("会議室1・2", "Meeting rooms 1 and 2", (at, at + 1), "room", 36, 72, _ROOM, both),
        ]
    return Shape(tuple(parts), tuple(pieces), (36, 86))


def school(_name: str, _random: Random) -> Shape:
    """学校開放: the gym of a school outside lessons."""
    half = tariffs.SCHOOL.scaled(50)
    return Shape(
        ("体育館 ステージ側", "体育館 入口側"),
        (
            Piece(
                "体育館 全面", "School gym, whole", (0, 1), "gym", 120, 600, _FLOOR, tariffs.SCHOOL
            ),
            Piece("体育館 ステージ側", "School gym, stage side", (0,), "gym", 60, 300, _HALF, half),
            Piece("体育館 入口側", "School gym, entrance side", (1,), "gym", 60, 300, _HALF, half),
        ),
        (36, 84),
    )


_BY_NAME = (
    (
        "斎場|火葬|児童館|児童センター|給食|勤労者総合福祉|消防|庁舎|役所|役場|トイレ|駐車場",
        lambda *_: None,
    ),
    ("プール|ゴルフ|キャンプ|ゲートボール", lambda *_: None),
    ("武道館|柔道|剣道|弓道", budo),
    ("テニス|庭球", tennis),
    ("野球場|球場|グラウンド|グランド|サッカー場|陸上競技場|運動広場|運動場", ground),
    ("体育館|アリーナ|スポーツセンター|体育センター", gym),
    ("文化会館|文化ホール|文化センター|市民会館|アートホール|劇場|音楽堂|演劇堂|シグナス", hall),
    (
        "公民館|コミュニティ|交流センター|生涯学習|地区会館|地区センター|ふれあいセンター|コミセン",
        community,
    ),
)
_BY_POI = {"1110": gym, "1116": tennis, "1106": ground}
