"""Rows that are not a race of two: scaling over threads, memory, and building."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from pathlib import Path

from measure import Bench, Result
from rows import HOPS, Build, Memory, Scaling
from workers import Peer, WorkerFailed


def scaling(bench: Bench, row: Scaling) -> list[Result]:
    """Two threads against one, beside two accumulate loops against one, in the same pair."""
    result = Result(
        row.key,
        row.question,
        row.graph,
        "emanate",
        "two accumulate loops",
        "part of their speed-up",
        row.target,
        [],
    )
    spread = row.spread
    try:
        ours = [
            bench.worker(Peer("emanate", "emanate", "double", threads, variant), row.graph)
            for threads, variant in ((1, "plain"), (2, row.variant))
        ]
        loops = [
            bench.worker(Peer("accumulate loop", "loop", "double", threads), row.graph)
            for threads in (1, 2)
        ]
        probe = ours[0].ask(f"spread {spread.hops} {spread.threshold:g} 0 4 -")
        count = int(bench.effort.side_s / (probe.wall / probe.work))
        count = max(2, min(spread.queries, count))
        query = f"spread {spread.hops} {spread.threshold:g} 0 {count} -"
        for pair in range(bench.effort.pairs + 1):
            order = slice(None, None, 1 if pair % 2 == 0 else -1)
            rates = {}
            for worker in [*ours, *loops][order]:
                reply = worker.ask(query if worker in ours else f"hop {HOPS} -")
                rates[worker] = reply.work / reply.wall
            speed_up = rates[ours[1]] / rates[ours[0]]
            if pair > 0:
                result.ratios.append(speed_up / (rates[loops[1]] / rates[loops[0]]))
    except WorkerFailed as failed:
        result.failed = str(failed)
    return [result]


def memory(bench: Bench, row: Memory) -> list[Result]:
    """Bytes per edge: as the engine reports them, and as the process has grown."""
    folder = bench.folder(row.graph)
    edges = os.path.getsize(folder / "targets.u32") // 4
    peer = Peer("emanate", "emanate")
    results, before = [], 0.0
    for part, label, target in row.parts:
        who = (f"emanate, {label}", "")
        result = Result(
            row.key, row.question, row.graph, *who, "bytes per edge, reported", target, []
        )
        result.at_most = True
        seen = Result(
            row.key, row.question, row.graph, *who, "bytes per edge, whole process", None, []
        )
        results += [result, seen]
        try:
            worker = bench.worker(peer, row.graph)
            reported = worker.ask(f"memory {part}").work
            seen.ratios.append(worker.resident_bytes() / edges)
            if reported > before:
                result.ratios.append(reported / edges)
            else:
                result.failed = "the library does not report this part"
            before = reported
        except WorkerFailed as failed:
            result.failed = seen.failed = str(failed)
    bench.stable.drop(peer, folder)
    return results


def build(bench: Bench, row: Build) -> list[Result]:
    """The engine's builder on numbers against `sort -n` on text, one thread each, wall time."""
    result = Result(
        row.key,
        row.question,
        row.graph,
        "emanate",
        "sort -n of the same edges as text",
        "times as fast",
        row.target,
        [],
    )
    folder = bench.folder(row.graph, edges=True)
    edges = os.path.getsize(folder / "edges.bin") // 12
    words = ["sort", "-n", "--parallel=1", "-S", "40%", "-o", os.devnull, folder / "edges.txt"]
    sides = []
    try:
        worker = bench.worker(Peer("emanate", "emanate", variant="build"), row.graph)
        warm(folder / "edges.bin", folder / "edges.txt")
        for _ in range(row.pairs):
            reply = worker.ask(f"build {folder / 'edges.bin'}")
            if reply.work != edges:
                raise WorkerFailed(f"the graph has {reply.work:.0f} edges, the file {edges}")
            begin = time.monotonic()
            subprocess.run(words, check=True, env=os.environ | {"LC_ALL": "C"})
            sides.append((reply.wall / edges, (time.monotonic() - begin) / edges))
            result.ratios.append(sides[-1][1] / sides[-1][0])
        result.seconds = tuple(statistics.median(side) for side in zip(*sides))
    except (WorkerFailed, subprocess.CalledProcessError) as failed:
        result.failed = str(failed)
    return [result]


def warm(*paths: Path) -> None:
    """Reads files once, so that neither side waits for the disk."""
    for path in paths:
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass
