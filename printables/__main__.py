"""`python -m printables permit < permit.json > permit.pdf`, on a machine where all else is down.

python -m printables PAPER [--as pdf|html|text|marks|json] [--town TOWN.toml]
                    [--edition large|en]       a record from standard input, the paper to standard
                                               output
python -m printables pack [--as pdf|text]      the fallback pack, made of its parts' records
python -m printables verify IMAGE|TEXT --keys KEYS.json
                                               whether a code is genuine, and what it says
python -m printables samples OUTDIR            every paper in every variant, with its JSON
python -m printables list                      the names of the papers
python -m printables check                     are the fonts there, does every form hold together
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path

from PIL import Image
from pydantic import ValidationError

from printables import pack
from printables.faces import MissingFont, check_fonts
from printables.forms import FormFault, Town, town
from printables.qr import PREFIX
from printables.registry import PAPERS
from printables.verify import Keys, Verdict, read_keys, verify, verify_image

NEEDS = {"samples": "a folder", "verify": "a picture or the text of a code"}
NOT_GENUINE = 2  # the exit status where a code was read and is not to be trusted


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, 1 with a sentence on standard error, or 2 for a code that is not genuine."""
    parser = argparse.ArgumentParser("python -m printables", description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=[*NEEDS, "list", "check", pack.NAME, *PAPERS])
    parser.add_argument("given", nargs="?", help="a folder for samples, or what is to be verified")
    parser.add_argument(
        "--as", dest="kind", default="pdf", choices=["pdf", "html", "text", "marks"]
    )
    parser.add_argument("--town", type=Path, help="a municipality's changes to the model forms")
    parser.add_argument("--keys", type=Path, help="the keys that verify knows")
    parser.add_argument("--edition", default="", help="large, or a language such as en")
    options = parser.parse_args(arguments)
    if options.command in NEEDS and options.given is None:
        parser.error(f"{options.command} needs {NEEDS[options.command]}")
    try:
        return run(options)
    except (ValidationError, FormFault, MissingFont, OSError, tomllib.TOMLDecodeError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 1


def run(options: argparse.Namespace) -> int:
    """Do what was asked."""
    of_town = town()
    if options.town:
        changes = tomllib.loads(options.town.read_text(encoding="utf-8"))
        of_town = town(changes, options.town.parent)
    match options.command:
        case "list":
            sys.stdout.write("\n".join(PAPERS) + "\n")
        case "check":
            remarks = check_fonts()
            check_forms(of_town)
            sys.stdout.write("\n".join([*remarks, f"{len(PAPERS)} papers are in order"]) + "\n")
        case "samples":
            write_samples(Path(options.given), of_town)
        case "pack":
            print_pack(options.kind, of_town)
        case "verify":
            return verify_one(options.given, read_keys(options.keys) if options.keys else Keys())
        case name:
            print_one(name, options.kind, of_town, options.edition)
    return 0


def verify_one(given: str, keys: Keys) -> int:
    """Say what a code or a picture of a paper is worth; 0 only where everything is genuine."""
    if given.strip().upper().startswith(PREFIX):
        answers = [verify(given, keys)]
    else:
        with Image.open(given) as image:
            answers = verify_image(image, keys)
    if not answers:
        sys.stderr.write("no code of ours is seen in the picture\n")
        return 1
    sys.stdout.write("\n\n".join(answer.words for answer in answers) + "\n")
    is_genuine = all(answer.verdict is Verdict.GENUINE for answer in answers)
    return 0 if is_genuine else NOT_GENUINE


def print_one(name: str, kind: str, of_town: Town, edition: str) -> None:
    """A record from standard input becomes a paper on standard output."""
    paper = PAPERS[name]
    record = paper.read(sys.stdin.buffer.read())
    if kind == "html":
        sys.stdout.write(paper.html(record, of_town, edition))
        return
    if kind == "text":
        sys.stdout.write(paper.text(record, of_town, edition))
        return
    drawn = paper.draw(record, of_town, edition)
    if drawn.missing:
        sys.stderr.write(f"no font has {' '.join(drawn.missing)}: printed as 〓\n")
    if kind == "marks":
        marks = [asdict(mark) for mark in drawn.marks]
        sys.stdout.write(json.dumps(marks, ensure_ascii=False, indent=1) + "\n")
        return
    sys.stdout.buffer.write(drawn.pdf)


def print_pack(kind: str, of_town: Town) -> None:
    """A pack's records from standard input become one file on standard output."""
    if kind not in ("pdf", "text"):
        raise FormFault("a pack is pdf or text")
    records = pack.read(sys.stdin.buffer.read())
    if kind == "text":
        sys.stdout.write(pack.text(records, of_town))
        return
    drawn = pack.draw(records, of_town)
    if drawn.missing:
        sys.stderr.write(f"no font has {' '.join(drawn.missing)}: printed as 〓\n")
    sys.stdout.buffer.write(drawn.pdf)


def check_forms(of_town: Town) -> None:
    """Build every sample by the town's forms; raises FormFault where one does not hold together."""
    unknown = [
        part["paper"] for part in of_town.form(pack.NAME)["parts"] if part["paper"] not in PAPERS
    ]
    if unknown:
        raise FormFault(f"pack: there is no paper {', '.join(unknown)}")
    for paper in PAPERS.values():
        for record in paper.samples().values():
            for edition in ("", *paper.editions):
                paper.sheet(record, of_town, edition)


def write_samples(folder: Path, of_town: Town) -> None:
    """Every paper in every variant as PDF, HTML, text and JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = pack.sample()
    (folder / "pack.json").write_text(pack.write(whole), encoding="utf-8")
    (folder / "pack.pdf").write_bytes(pack.draw(whole, of_town).pdf)
    (folder / "pack.txt").write_text(pack.text(whole, of_town), encoding="utf-8")
    for paper in PAPERS.values():
        for variant, record in paper.samples().items():
            for edition in ("", *paper.editions):
                name = folder / "-".join(filter(None, (paper.name, variant, edition)))
                page = paper.html(record, of_town, edition)
                text = paper.text(record, of_town, edition)
                name.with_suffix(".json").write_text(paper.write(record), encoding="utf-8")
                name.with_suffix(".pdf").write_bytes(paper.draw(record, of_town, edition).pdf)
                name.with_suffix(".html").write_text(page, encoding="utf-8")
                name.with_suffix(".txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
