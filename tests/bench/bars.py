"""The bars (DESIGN.md section 6), and the table that shows how far each is cleared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Line:
    """One bar: what was measured, and what it must be."""

    name: str
    value: float
    limit: float
    is_least: bool
    unit: str = ""

    @property
    def ok(self) -> bool:
        return self.value >= self.limit if self.is_least else self.value <= self.limit


def least(name: str, value: float, limit: float, unit: str = "") -> Line:
    return Line(name, value, limit, True, unit)


def most(name: str, value: float, limit: float, unit: str = "") -> Line:
    return Line(name, value, limit, False, unit)


def judge(found: dict[str, Any]) -> Iterator[Line]:
    """Every bar of one engine."""
    create, search = found["create, 8 clients"], found["availability, 8 clients"]
    nearest = found["nearest free, 5,000 rooms × 14 days"]
    yield least("create / floor", create["ratio"], 0.35)
    yield least("create", create["tonari"]["per_second"], 400, "/s")
    yield most("create p99", create["tonari"]["p99_ms"], 50, "ms")
    yield most("create CPU", create["tonari"]["cpu_ms"], 3, "ms")
    yield least("availability / floor", search["ratio"], 0.5)
    yield least("availability", search["tonari"]["per_second"], 600, "/s")
    yield most("availability p99", search["tonari"]["p99_ms"], 40, "ms")
    alone = found["availability, 1 clients"]["tonari"]
    yield most("availability p50, one client", alone["p50_ms"], 4, "ms")
    yield least("nearest / floor", nearest["ratio"], 0.5)
    yield most("nearest p99", nearest["tonari"]["p99_ms"], 30, "ms")
    large = found["availability, 5,000 rooms"]["tonari"]["cpu_ms"]
    yield most("availability CPU, 5,000 / 1,000 rooms", large / search["tonari"]["cpu_ms"], 1.3)
    large = found["create, 5,000 rooms"]["tonari"]["cpu_ms"]
    yield most("create CPU, 5,000 / 1,000 rooms", large / create["tonari"]["cpu_ms"], 1.1)
    for name, rush in found.items():
        if name.startswith("stampede"):
            yield most(f"{name} / floor", rush["times_floor"], 4)
        if name.startswith(("stampede", "2,000")):
            for wrong in ("double", "unsold", "errors"):
                yield most(f"{name}: {wrong}", rush[wrong], 0)
    yield most("2,000 clients", found["2,000 clients"]["tonari"]["worst_seconds"], 3, "s")
    yield most("stale answers", found["freshness"]["stale"], 0)
    for path, page in found["pages"].items():
        yield most(f"page {path} CPU", page["cpu_ms"], 8, "ms")
        yield most(f"page {path}", page["kilobytes"], 50, "kB")


def show(engine: str, found: dict[str, Any]) -> None:
    """Print what was measured, then the bars."""
    console = Console(width=None if Console().is_terminal else 120)
    console.print(_measured(engine, found))
    table = Table(title=f"bars, {engine}")
    for heading, align in (("", "left"), ("is", "right"), ("must be", "right"), ("", "left")):
        table.add_column(heading, justify="right" if align == "right" else "left")
    for line in judge(found):
        sign = "≥" if line.is_least else "≤"
        verdict = "[green]ok[/green]" if line.ok else "[bold red]MISSED[/bold red]"
        value, limit = f"{line.value:,.4g} {line.unit}", f"{sign} {line.limit:,g} {line.unit}"
        table.add_row(line.name, value.strip(), limit.strip(), verdict)
    console.print(table)


def _measured(engine: str, found: dict[str, Any]) -> Table:
    table = Table(title=f"Tonari beside the floor, {engine}")
    table.add_column("")
    for heading in ("Tonari/s", "floor/s", "ratio", "p50 ms", "p99 ms", "CPU ms", "floor CPU ms"):
        table.add_column(heading, justify="right")
    for name, each in found.items():
        if "ratio" in each:
            ours, theirs = each["tonari"], each["floor"]
            table.add_row(
                name,
                f"{ours['per_second']:,.0f}",
                f"{theirs['per_second']:,.0f}",
                f"{each['ratio']:.2f}",
                f"{ours['p50_ms']:.1f}",
                f"{ours['p99_ms']:.1f}",
                f"{ours['cpu_ms']:.2f}",
                f"{theirs['cpu_ms']:.2f}",
            )
        elif "times_floor" in each:
            ours, theirs = each["tonari"]["seconds"], each["floor"]["seconds"]
            times = f"× {each['times_floor']:.1f}"
            table.add_row(name, f"{ours:.2f} s", f"{theirs:.2f} s", times)
    return table
