"""Runs the rows asked for, prints the table, writes the record and draws the picture."""

from __future__ import annotations

import argparse
import datetime
import sys
import time

import picture
import report
import special
from measure import Bench, Effort
from rows import Build, Memory, Row, Scaling, all_rows
from workers import CACHE, HERE, ROOT

FULL = Effort(pairs=20, side_s=0.5)
QUICK = Effort(pairs=5, side_s=0.05)
SPECIAL = {Scaling: special.scaling, Memory: special.memory, Build: special.build}


def arguments(keys: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/compare/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small graphs, few pairs, no record")
    parser.add_argument("--machine", default=report.machine(), help="folder of the record")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join(keys)}")
    return parser.parse_args()


def main() -> int:
    given = arguments([row.key for row in all_rows(False)])
    # The record says how it was made; the machine's name is where it lies.
    command = " ".join(["bench/compare/run", *["--quick"] * given.quick, *given.rows])
    rows = all_rows(given.quick)
    prefixes = tuple(given.rows) or ("",)
    wanted = [row for row in rows if row.key.startswith(prefixes)]
    if not wanted:
        print(f"no row begins so; there are: {' '.join(row.key for row in rows)}", file=sys.stderr)
        return 2
    bench = Bench(QUICK if given.quick else FULL)
    results, begin = [], time.monotonic()
    print(report.header())
    try:
        for row in wanted:
            began = time.monotonic()
            found = bench.run(row) if isinstance(row, Row) else SPECIAL[type(row)](bench, row)
            results += found
            print(*(report.line(result) for result in found), sep="\n", flush=True)
            print(f"{row.key}: {time.monotonic() - began:.1f} s", file=sys.stderr)
    finally:
        bench.stable.stop()
    print(f"{time.monotonic() - begin:.0f} s")
    record = CACHE / "quick.csv"
    if not given.quick:
        folder = ROOT / "bench/record" / given.machine
        record = folder / f"{datetime.date.today()}-compare.csv"
    report.write_record(record, results, command)
    # Part of a table is no picture of it.
    drawing = CACHE / "quick.svg" if given.quick or given.rows else HERE / "picture.svg"
    drawing.write_text(picture.draw(results))
    print(f"{record}\n{drawing}")
    return 1 if any(result.failed for result in results) else 0


sys.exit(main())
