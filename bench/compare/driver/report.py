"""The table on the terminal and the record."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

from measure import Result

COLUMNS = (
    "question,measured,against,figure,min,median,max,pairs,command,low,high,target,verdict,"
    "seconds,seconds_against"
)


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def line(result: Result) -> str:
    name = f"{result.question}, {result.graph}"
    against = result.against or f"{result.measured}: {result.figure.split(', ')[-1]}"
    if result.failed or not result.ratios:
        return f"{name:58} {against:34} FAILED: {result.failed or 'no pairs'}"
    low, high = result.interval()
    bounds = f"{number(result.median()):>6} [{number(low)}, {number(high)}]"
    target = f"{number(result.target)}" if result.target is not None else "-"
    return f"{name:58} {against:34} {bounds:24} {target:>6}  {result.verdict()}"


def header() -> str:
    return f"{'work':58} {'against':34} {'ratio [95 %]':24} {'target':>6}"


def machine() -> str:
    """A name for this machine: processor, clock, processors."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", info)
    model = model.group(1).lower() if model else "machine"
    family = re.search(r"xeon|epyc|ryzen|core|threadripper", model)
    clock = re.search(r"([\d.]+)ghz", model)
    parts = [family.group() if family else "cpu"]
    if clock:
        parts.append(f"{float(clock.group(1)):g}ghz")
    return "-".join([*parts, f"{os.cpu_count()}cpu"])


def write_record(path: Path, results: list[Result], command: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS.split(","))
        for result in results:
            row = [f"{result.question}, {result.graph}", result.measured, result.against]
            if result.failed or not result.ratios:
                bounds = ["", "", result.target, result.failed]
                out.writerow([*row, result.figure, *[""] * 3, 0, command, *bounds])
                continue
            low, high = result.interval()
            spread = (min(result.ratios), result.median(), max(result.ratios))
            figures = [f"{value:.4g}" for value in spread]
            bounds = [f"{low:.4g}", f"{high:.4g}", result.target, result.verdict()]
            seconds = [f"{value:.4g}" for value in result.seconds]
            pairs = len(result.ratios)
            out.writerow([*row, result.figure, *figures, pairs, command, *bounds, *seconds])
