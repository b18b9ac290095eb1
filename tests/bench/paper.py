"""Paper: pages a second, kilobytes a page, memory, and how well the codes are read back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.printables.decoding import rates

ROOT = Path(__file__).parents[2]
# PAPER.md section 9; a page is drawn on one core.
BARS = {
    "single, ms": ("most", 50),
    "pack, pages a CPU second": ("least", 80),
    "pack, KB a page": ("most", 20),
    "pack, MB of memory": ("most", 150),
}
# In a process of its own: the memory of a process is what it ever had. By VmHWM, because ru_maxrss
# of a child begins with what its parent had (192 MB beside 9 MB, measured under a large parent).
MEASURE = """
import json, re, time
from pathlib import Path
from printables import pack
from printables.registry import PAPERS
from tests.printables.packs import a_pack

paper = PAPERS["permit"]
record = paper.samples()["typical"]
paper.draw(record)
started = time.process_time()
for _ in range(20):
    single = paper.draw(record)
found = {"single, ms": (time.process_time() - started) * 50, "single, KB": len(single.pdf) / 1000}
records = a_pack(rooms=10, days=30, forms=200, cards=50)
wall, cpu = time.perf_counter(), time.process_time()
drawn = pack.draw(records)
cpu = time.process_time() - cpu
found |= {
    "pack, pages": drawn.pages,
    "pack, seconds": time.perf_counter() - wall,
    "pack, pages a CPU second": drawn.pages / cpu,
    "pack, KB a page": len(drawn.pdf) / 1000 / drawn.pages,
    "pack, MB of memory": int(
        re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    ) / 1024,
}
print(json.dumps(found))
"""


def paper(*, is_quick: bool) -> dict[str, Any]:
    """Measure, print a line each, and say under "missed" which bars do not stand."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = {
        name: round(value, 1) for name, value in json.loads(done.stdout).items()
    }
    missed = []
    print("\npaper")
    for name, value in found.items():
        side, bar = BARS.get(name, ("", 0))
        is_kept = not side or (value <= bar if side == "most" else value >= bar)
        print(f"  {name:<28} {value:>8} {f'at {side} {bar}' if side else ''}")
        missed += [] if is_kept else [name]
    found["codes"] = {}
    for rate in rates(4 if is_quick else 40):
        print(f"  {rate.line}")
        found["codes"][f"{rate.code}, {rate.scan}"] = rate.read / rate.count
        missed += [] if rate.is_kept else [f"{rate.code}, {rate.scan}"]
    return {**found, "missed": missed}
