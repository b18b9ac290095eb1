"""The commands as people and scripts meet them: one line of JSON, one clear line when refused."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from pypdfium2 import PdfDocument

from printables import faces, qr
from reservations.actions.bookings import BookingRequest, CancelRequest, book, cancel
from reservations.cli import main
from reservations.db import Database
from tests import town
from tests.printables import pdf
from tests.support.lending import EVENING
from tests.support.process import free_port
from tests.support.scanned import as_pdf

DATA = Path(__file__).parents[1] / "data"
LIST = DATA / "172120_public-facility.csv"


@pytest.fixture
def tonari(tmp_path, monkeypatch):
    """Run a command in a data folder that does not exist yet."""
    monkeypatch.setenv("TONARI_DATA_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("TONARI_DATABASE_URL", raising=False)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments])

    return run


def commands(
    group: click.Group = main, name: str = "tonari"
) -> Iterator[tuple[str, click.Command]]:
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_explains_itself_and_every_option(name, command):
    assert command.help and len(command.help) > 40, name
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []
    assert "--json" in {flag for each in options for flag in each.opts}


# Lists in and out


def test_an_import_prints_its_totals_as_one_line_of_json(tonari):
    result = tonari("import", "facilities", LIST, "--json")

    line = json.loads(result.stdout)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert line["records"] == line["imported"] + line["queued"] + line["rejected"] == 189
    assert line["dry_run"] is False


def test_a_dry_run_says_the_same_and_keeps_nothing(tonari):
    tried = json.loads(tonari("import", "facilities", LIST, "--dry-run", "--json").stdout)
    waiting = json.loads(tonari("queue", "list", "--json").stdout)

    done = json.loads(tonari("import", "facilities", LIST, "--json").stdout)

    assert waiting["queued"] == 0
    assert tried | {"dry_run": False} == done


def test_the_clerk_s_sheet_has_a_row_for_every_record(tonari, tmp_path):
    sheet = tmp_path / "sheet.csv"

    result = tonari("import", "facilities", LIST, "--report", sheet)

    assert result.exit_code == 0
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "record_no", "status", "name", "municipality", "lat", "lng", "coordinate_status", "reasons",
    ]  # fmt: skip
    assert [int(row["record_no"]) for row in rows] == list(range(1, 190))
    assert {row["municipality"] for row in rows} == {"野々市市"}
    assert all(row["reasons"] for row in rows if row["status"] == "queued")


def test_what_is_exported_is_taken_in_again_without_a_change(tonari, tmp_path):
    tonari("import", "facilities", LIST)
    out = tmp_path / "out.csv"

    exported = tonari("export", "facilities", out, "--json")
    again = json.loads(tonari("import", "facilities", out, "--json").stdout)

    assert json.loads(exported.stdout)["records"] == 189
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (again["records"], again["matched"], again["conflicts"]) == (189, 189, 0)


def test_no_mail_address_is_exported(tonari, tmp_path):
    data = (
        "名称,所在地_連結表記,緯度,経度,連絡先メールアドレス\r\n"
        "となり会館,石川県野々市市三納,36.5194,136.6097,tanto@example.jp\r\n"
    )
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(data, encoding="utf-8")
    tonari("import", "facilities", source)

    tonari("export", "facilities", out)

    assert "となり会館" in out.read_text("utf-8-sig")
    assert "@" not in out.read_text("utf-8-sig")


def test_queued_hours_are_listed_and_confirmed(tonari):
    tonari("import", "facilities", LIST)
    waiting = json.loads(tonari("queue", "list", "--json").stdout)
    first = next(each for each in waiting["records"] if each["facility_id"])

    typed = ("--days", "火水木金土日", "--start", "9:00", "--end", "21:00")
    confirmed = tonari("queue", "confirm", first["facility_id"], *typed, "--json")

    after = json.loads(tonari("queue", "list", "--json").stdout)
    assert json.loads(confirmed.stdout) == {"facility_id": first["facility_id"], "confirmed": True}
    assert after["queued"] == waiting["queued"] - 1


# An empty folder


@pytest.mark.parametrize(
    "arguments", [("queue", "list"), ("feedback", "list"), ("horizon",), ("doctor",)]
)
def test_commands_work_in_an_empty_folder(tonari, arguments):
    for more in ((), ("--json",)):
        result = tonari(*arguments, *more)

        assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)


# Paper


@pytest.fixture
def booked(tonari, tmp_path) -> str:
    """The invented region with one booking, far enough ahead of the real clock; its id."""
    state = tmp_path / "state"
    state.mkdir()
    database = town.an_empty_database(f"sqlite:///{state / 'tonari.sqlite3'}")
    region = town.a_region(database)
    with database.session() as session:
        request = BookingRequest(region.here.whole, town.SATURDAY, EVENING, region.resident)
        booking_id = book(session, request, town.context())
    database.dispose()
    return str(booking_id)


def test_a_permit_is_printed_by_number_and_by_id_with_the_same_bytes(tonari, booked, tmp_path):
    one, other = tmp_path / "one.pdf", tmp_path / "other.pdf"

    printed = tonari("print", "permit", "01-000001-6", "--out", one, "--json")
    again = tonari("print", "permit", booked, "--out", other, "--json")

    line = json.loads(printed.stdout)
    assert line | {"file": "other.pdf"} == json.loads(again.stdout)
    assert (line["number"], line["booking"], line["pages"]) == (
        "第2026-01-000001-6号", "01-000001-6", 1,
    )  # fmt: skip
    assert one.read_bytes() == other.read_bytes()
    assert line["bytes"] == len(one.read_bytes())
    assert line["sha256"] == hashlib.sha256(one.read_bytes()).hexdigest()


def test_a_permit_goes_to_stdout(tonari, booked):
    result = tonari("print", "permit", "01-000001-6", "--out", "-")

    assert result.stdout_bytes.startswith(b"%PDF-")
    assert result.stdout_bytes.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize("asked", ["01-000001-7", "1", "nonsense", "０１-000001-6", "9" * 30])
def test_a_number_that_is_wrong_prints_nothing(tonari, booked, tmp_path, asked):
    line = refused(tonari("print", "permit", asked, "--out", tmp_path / "none.pdf"))

    assert "見つかりません" in line
    assert not (tmp_path / "none.pdf").exists()


def test_a_notice_is_printed_and_one_that_is_not_there_is_refused(tonari, booked, tmp_path):
    out = tmp_path / "refund.pdf"
    early = refused(tonari("print", "notice", "refund", booked, "--out", out))
    assert "この書類は、今のこの予約にはありません。" in early
    database = Database(f"sqlite:///{tmp_path / 'state' / 'tonari.sqlite3'}", threads=1)
    with database.session() as session:
        cancel(session, CancelRequest(booked), town.context())
    database.dispose()

    printed = tonari("print", "notice", "refund", "01-000001-6", "--out", out, "--json")

    line = json.loads(printed.stdout)
    assert line["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert "料金還付決定通知書" in pdf.text(out.read_bytes())


@pytest.mark.parametrize("facility", ["1", "となり体育館"])
def test_a_timetable_is_printed_by_number_and_by_name(tonari, booked, tmp_path, facility):
    out = tmp_path / "board.pdf"

    result = tonari("print", "timetable", facility, "--week", "--out", out, "--json")

    line = json.loads(result.stdout)
    assert (line["facility_id"], line["view"], line["audience"]) == (1, "week", "public")
    assert out.read_bytes().startswith(b"%PDF-")


def test_a_facility_that_is_not_there_or_not_the_only_one_is_said(tonari, booked, tmp_path):
    with closing(sqlite3.connect(tmp_path / "state" / "tonari.sqlite3")) as rows, rows:
        rows.execute("UPDATE facility SET name = '体育館'")
    where = ("--out", tmp_path / "none.pdf")

    assert "見つからない" in refused(tonari("print", "timetable", "なし", *where))
    assert "2か所あります" in refused(tonari("print", "timetable", "体育館", *where))


def test_the_doctor_looks_at_fonts_and_at_every_town_s_forms(tonari, booked, tmp_path):
    well = json.loads(tonari("doctor", "--json").stdout)["checks"]["papers"]
    with closing(sqlite3.connect(tmp_path / "state" / "tonari.sqlite3")) as rows, rows:
        body = json.dumps({"forms": {"forms": {"permit": {"order": ["nothing"]}}}})
        rows.execute("UPDATE town_rules SET body = ? WHERE municipality_code = '172014'", [body])

    result = tonari("doctor", "--json")

    ill = json.loads(result.stdout)["checks"]["papers"]
    assert well["ok"] and "2 towns, 2 without confirmed forms" in well["seen"]
    assert result.exit_code == 1
    assert not ill["ok"] and "となり市: permit" in ill["seen"]


@pytest.fixture
def without_fonts(tmp_path, monkeypatch):
    """The library's folder of fonts with the list of what should be there, and nothing else."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    shutil.copy(faces.VENDOR / "VENDORED.toml", folder)
    monkeypatch.setattr(faces, "VENDOR", folder)


def test_the_doctor_misses_a_font(tonari, without_fonts):
    result = tonari("doctor", "--json")

    papers = json.loads(result.stdout)["checks"]["papers"]
    assert result.exit_code == 1
    assert not papers["ok"] and "is missing" in papers["seen"]


def test_without_its_fonts_nothing_is_served(tonari, without_fonts):
    assert "is missing" in refused(tonari("serve", "--port", free_port()))


# Refusals: one line in Japanese, exit 2, no traceback


def refused(result: Result) -> str:
    """The one line of a refusal."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.exception is None or isinstance(result.exception, SystemExit)
    [line] = result.stderr.splitlines()
    return line


def test_a_file_that_is_not_there_or_a_folder_is_refused(tonari, tmp_path):
    assert "ファイルがありません" in refused(tonari("import", "facilities", tmp_path / "none.csv"))
    assert "フォルダー" in refused(tonari("import", "shelters", tmp_path))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "空です"),
        (b"%PDF-1.7 ...", "PDF"),
        ("名称だけ\r\nとなり会館\r\n".encode(), "見出し"),
        (b"\x00\xff\xfe\x81" * 50, "見出し"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(tonari, tmp_path, data, word):
    path = tmp_path / "list.csv"
    path.write_bytes(data)

    line = refused(tonari("import", "facilities", path, "--json"))

    assert word in line


def test_a_list_of_another_kind_is_refused_with_the_right_command(tonari):
    line = refused(tonari("import", "shelters", LIST))

    assert "tonari import facilities" in line


def test_an_unknown_municipality_is_refused(tonari):
    assert "999999" in refused(tonari("import", "facilities", LIST, "--municipality", "999999"))


def test_confirming_what_does_not_wait_is_refused(tonari):
    assert "見つかりません" in refused(tonari("queue", "confirm", "1"))


def test_a_wrong_setting_is_named(tonari, monkeypatch):
    monkeypatch.setenv("TONARI_THREADS", "many")

    assert "TONARI_THREADS" in refused(tonari("doctor"))


def test_a_database_that_does_not_answer_is_said(tonari, monkeypatch):
    monkeypatch.setenv("TONARI_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")

    assert "データベース" in refused(tonari("doctor"))


def test_the_demonstration_never_touches_a_town_s_own_data(tonari):
    tonari("import", "facilities", LIST)

    for more in ((), ("--fresh",)):
        assert "デモ" in refused(tonari("demo", "--json", *more))
    assert json.loads(tonari("queue", "list", "--json").stdout)["queued"] > 0


def test_a_permit_is_verified_by_its_text_and_by_its_picture(tonari, booked, tmp_path):
    tonari("print", "permit", booked, "--out", tmp_path / "permit.pdf")
    page = PdfDocument(tmp_path / "permit.pdf")[0]
    page.render(scale=3).to_pil().save(tmp_path / "permit.png")

    by_picture = tonari("verify", tmp_path / "permit.png", "--json")
    (code,) = json.loads(by_picture.stdout)["codes"]
    forged = tonari("verify", "TN1:8F0", "--json")

    assert (code["verdict"], code["standing"]) == ("genuine", "stands")
    assert code["says"]["予約番号"] == "01-000001-6"
    assert by_picture.exit_code == 0
    assert forged.exit_code == 1
    assert "受け取らず" in tonari("verify", "TN1:8F0").stdout


def test_what_is_no_paper_is_said_in_one_line(tonari, booked, tmp_path):
    (tmp_path / "notes.png").write_bytes(b"no picture")

    answer = tonari("verify", tmp_path / "notes.png")

    assert answer.exit_code == 2
    assert answer.stderr == "notes.png: 写真としてもPDFとしても読めません。\n"


def test_a_pack_is_printed_opened_typed_in_and_closed(tonari, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    database = town.an_empty_database(f"sqlite:///{state / 'tonari.sqlite3'}")
    region = town.a_region(database)
    database.dispose()
    tonari("horizon")
    made = tonari(
        "print", "pack", region.here.facility_id, "--out", tmp_path / "pack", "--forms", 2, "--json"
    )
    assert made.exit_code == 0, (made.output, made.exception)
    pad = json.loads(made.stdout)["pad"]

    opened = json.loads(tonari("paper", "open", pad, "--json").stdout)
    first, second = (qr.form_number("N001", number) for number in (1, 2))
    void = json.loads(tonari("paper", "enter", first, "--fate", "void", "--json").stdout)
    early = tonari("paper", "close", pad)
    tonari("paper", "enter", second, "--fate", "blank")
    closed = json.loads(tonari("paper", "close", pad, "--json").stdout)

    assert (len(opened["days"]), opened["kept"]) == (7, {})
    assert void["outcome"] == "entered"
    assert early.exit_code == 2
    assert "番号 2" in early.stderr
    assert (closed["balanced"], closed["count"], closed["open_days"]) == (True, 2, [])
    assert tonari("paper", "enter", "N001-00000001-00").exit_code == 2


# A town's own forms


def forms_file(tonari, tmp_path, *, town: str = "172014") -> Path:
    out: Path = tmp_path / "forms.toml"
    tonari("forms", "export", "--town", town, "--out", out, "--paper", "permit")
    return out


def test_a_town_exports_its_forms_changes_them_and_prints_by_them(tonari, booked, tmp_path):
    file = forms_file(tonari, tmp_path)
    text = file.read_text()
    assert "[words]" in text
    file.write_text(text.replace('label = "{use}施設"', 'label = "貸す場所"'))

    result = tonari("forms", "check", file, "--town", "となり市", "--json")
    assert json.loads(result.stdout) == {"ok": True, "faults": []}
    done = tonari(
        "forms", "import", file, "--town", "172014", "--from", "2026-01-01", "--confirmed", "--json"
    )

    assert json.loads(done.stdout)["confirmed"] is True
    out = tmp_path / "permit.pdf"
    tonari("print", "permit", "01-000001-6", "--out", out)
    said = pdf.text(out.read_bytes())
    assert "貸す場所" in said
    assert "見本" not in said


def test_a_file_with_a_fault_changes_nothing_and_names_its_line(tonari, booked, tmp_path):
    file = forms_file(tonari, tmp_path)
    line = file.read_text().count("\n") + 2
    file.write_text(f'{file.read_text()}\n[forms.permits]\ntitle = "許可書"\n')

    for verb in ("check", "import"):
        result = tonari("forms", verb, file, "--town", "172014")
        assert result.exit_code == 1
        assert f"forms.toml {line}行目：permits という紙はありません。" in result.output
    out = tmp_path / "permit.pdf"
    tonari("print", "permit", "01-000001-6", "--out", out)
    assert "見本" in pdf.text(out.read_bytes())


def test_forms_of_a_town_that_is_not_here_are_refused(tonari, booked, tmp_path):
    file = tmp_path / "forms.toml"
    file.write_text("")

    assert "という市区町村はありません" in refused(
        tonari("forms", "import", file, "--town", "999999")
    )


def test_a_file_in_another_encoding_is_asked_for_in_utf_8(tonari, booked, tmp_path):
    file = tmp_path / "forms.toml"
    file.write_bytes('name = "東隣町"'.encode("cp932"))

    assert "UTF-8" in refused(tonari("forms", "check", file, "--town", "172014"))


# A paper form, by its picture


def picture_of(code: str, path: Path) -> Path:
    dark = [[0 if module else 255 for module in row] for row in qr.rows(code, "Q")]
    small = Image.new("L", (len(dark[0]) + 8, len(dark) + 8), 255)
    for y, row in enumerate(dark):
        for x, shade in enumerate(row):
            small.putpixel((x + 4, y + 4), shade)
    small.resize((small.width * 8, small.height * 8)).save(path)
    return path


def test_a_form_is_entered_by_its_picture_and_a_forged_one_is_not(tonari, booked, tmp_path):
    made = json.loads(
        tonari("print", "pack", "1", "--out", tmp_path, "--forms", "3", "--json").stdout
    )
    secret = bytes.fromhex((tmp_path / "state" / "node" / "form-key").read_text())
    key = hmac.new(secret, (1).to_bytes(2), hashlib.sha256).digest()
    picture = picture_of(qr.form_code(qr.FormCode(1, 1, 1, 2), key), tmp_path / "form.png")
    forged = picture_of(qr.form_code(qr.FormCode(1, 1, 1, 2), bytes(32)), tmp_path / "forged.png")

    entered = tonari("paper", "enter", picture, "--fate", "void", "--json")

    line = json.loads(entered.stdout)
    assert (line["pad"], line["number"], line["outcome"]) == (made["pad"], 2, "entered")
    assert "印刷したものではありません" in refused(tonari("paper", "enter", forged))

    stack = tmp_path / "stack.pdf"
    stack.write_bytes(as_pdf([Image.open(each) for each in (picture, forged)]))
    seen = tonari("paper", "scan", stack, "--json")
    assert seen.exit_code == 1
    pages = json.loads(seen.stdout)["pages"]
    assert [each["refused"] for each in pages] == ["", "form_forged"]
    assert pages[0]["number"] == qr.form_number("N001", 2)
    again = tonari("paper", "enter", stack, "--fate", "void", "--json")
    assert json.loads(again.stdout)["outcome"] == "same"
