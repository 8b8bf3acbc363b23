"""Checks answers, then runs pairs, and says what their ratios are."""

from __future__ import annotations

import math
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import reference as ref
from rows import HOPS, Against, Build, Hop, Memory, PageRank, Row, Scaling, Spread
from workers import CACHE, Peer, Reply, Stable, Worker, WorkerFailed

# How often the reference itself is compared with the engine's oracle, which is slow.
ORACLE_QUERIES = 4
# Where a peer's answers follow another rule than ours in the same row. README.md says which row.
OWN_SEMANTICS = {"hirn-graph": "once-cut"}
# How the right exactness of a method is searched for, and how long.
PROBE_STEP = 8
PROBE_S_MAX = 240


@dataclass(frozen=True)
class Effort:
    pairs: int
    side_s: float  # seconds a peer may take in one pair


@dataclass
class Result:
    """Ratios of one row against one peer, or why there are none."""

    key: str
    question: str
    graph: str
    measured: str
    against: str
    figure: str
    target: float | None
    ratios: list[float]
    failed: str = ""
    # Seconds per query or edge, ours and theirs, medians.
    seconds: tuple[float, float] = (math.nan, math.nan)
    at_most: bool = False  # whether the target is a ceiling

    def interval(self) -> tuple[float, float]:
        """95 % of the median, by the sign test: order statistics of the ratios."""
        n, ordered = len(self.ratios), sorted(self.ratios)
        tail, rank = 0.0, 0
        while rank < n // 2 and tail + math.comb(n, rank) / 2**n <= 0.025:
            tail += math.comb(n, rank) / 2**n
            rank += 1
        rank = max(rank - 1, 0)
        return ordered[rank], ordered[n - 1 - rank]

    def median(self) -> float:
        return statistics.median(self.ratios)

    def verdict(self) -> str:
        if self.failed:
            return "failed"
        if self.target is None:
            return ""
        met = self.median() <= self.target if self.at_most else self.median() >= self.target
        return "reached" if met else "missed"


class Bench:
    def __init__(self, effort: Effort):
        self.effort = effort
        self.stable = Stable()
        self.references: dict[str, ref.Reference] = {}
        self.checked_by_oracle: set[tuple] = set()
        self.out = CACHE / "answers"

    def folder(self, graph: str, edges: bool = False) -> Path:
        """The graph's folder, made where it is missing."""
        folder = CACHE / "graphs" / graph
        last = folder / ("edges.txt" if edges else "seeds.u32")
        if not last.exists():
            words = [CACHE / "baseline/release/generate", graph, folder] + ["edges"] * edges
            subprocess.run(words, check=True)
        return folder

    def reference(self, graph: str) -> ref.Reference:
        if graph not in self.references:
            self.references.clear()
            self.references[graph] = ref.Reference(self.folder(graph))
        return self.references[graph]

    def worker(self, peer: Peer, graph: str) -> Worker:
        # `batch` is a command to GraphBLAS's worker, not a variant of its process.
        if peer.name == "graphblas" and peer.variant == "batch":
            peer = Peer(peer.label, peer.name, peer.precision, peer.threads)
        return self.stable.get(peer, self.folder(graph))

    # One row against each of its peers.

    def run(self, row: Row) -> list[Result]:
        if isinstance(row.work, PageRank):
            return self.run_page_rank(row)
        results = []
        try:
            self.check(row, row.ours)
        except (WorkerFailed, ref.AnswersDiffer) as failed:
            return [self.result(row, against, failed=str(failed)) for against in row.against]
        for against in row.against:
            try:
                if against.peer.name != "loop":
                    self.check(row, against.peer)
                results.append(self.pairs(row, against))
            except (WorkerFailed, ref.AnswersDiffer) as failed:
                results.append(self.result(row, against, failed=str(failed)))
        return results + self.bests(row, results)

    def result(self, row: Row, against: Against, ratios=(), failed: str = "") -> Result:
        return Result(
            row.key,
            row.question,
            row.graph,
            row.ours.label,
            against.peer.label,
            row.figure,
            against.target,
            list(ratios),
            failed,
        )

    def bests(self, row: Row, results: list[Result]) -> list[Result]:
        """In each pair, the fastest of several ways of one peer."""
        found = []
        for label, members, target in row.best_of:
            held = [result for result in results if result.against in members]
            failed = "; ".join(result.failed for result in held if result.failed)
            ratios = [min(pair) for pair in zip(*(result.ratios for result in held))]
            best = Against(Peer(label, ""), target)
            result = self.result(row, best, ratios, failed)
            result.seconds = min((r.seconds for r in held), key=lambda s: s[1] / s[0])
            found.append(result)
        return found

    def commands(self, work, peer: Peer, first: int, count: int, out: str) -> list[str]:
        if isinstance(work, Hop):
            return [f"hop {HOPS} {out}"]
        # A peer that has no way to take many queries at once gets them one by one.
        together = work.batch and (peer.name == "emanate" or peer.variant == "batch")
        verb = "batch" if together else "spread"
        step = work.batch if verb == "batch" else count
        tail = f"{work.hops} {work.threshold:g}"
        return [
            f"{verb} {tail} {begin} {min(step, first + count - begin)} {out}"
            for begin in range(first, first + count, step)
        ]

    def check(self, row: Row, peer: Peer) -> None:
        """Compares every answer the row will time with the reference; raises where one differs."""
        work, out = row.work, self.out
        reference = self.reference(row.graph)
        if isinstance(work, Hop):
            expected, threshold = reference.hop(HOPS), 0.0
        else:
            semantics = OWN_SEMANTICS.get(peer.name, work.semantics)
            expected = reference.spreads(semantics, work.hops, work.threshold, work.queries)
            threshold = work.threshold
            self.check_reference(row, work, reference)
        worker = self.worker(peer, row.graph)
        done = 0
        for command in self.commands(work, peer, 0, len(expected), str(out)):
            worker.ask(command)
            size = out.stat().st_size // (ref.PAIR.itemsize * ref.TOP)
            part = expected[done : done + size]
            try:
                ref.check_answers(out, part, peer.precision, threshold)
            except ref.AnswersDiffer as differs:
                raise ref.AnswersDiffer(f"{peer.label} after query {done}: {differs}") from None
            done += size
        if done != len(expected):
            raise ref.AnswersDiffer(f"{peer.label} answered {done} of {len(expected)} queries")

    def check_reference(self, row: Row, work: Spread, reference: ref.Reference) -> None:
        """The reference against the engine's oracle, once for each work."""
        key = (row.graph, work)
        if key in self.checked_by_oracle or work.semantics != "plain":
            return
        self.checked_by_oracle.add(key)
        oracle = Peer("the oracle", "emanate", variant="oracle")
        expected = reference.spreads("plain", work.hops, work.threshold, ORACLE_QUERIES)
        self.worker(oracle, row.graph).ask(
            f"spread {work.hops} {work.threshold:g} 0 {ORACLE_QUERIES} {self.out}"
        )
        ref.check_answers(self.out, expected, "double", work.threshold)
        self.stable.drop(oracle, self.folder(row.graph))

    def seconds(self, row: Row, peer: Peer, first: int, count: int) -> float:
        """Seconds per query or edge."""
        worker = self.worker(peer, row.graph)
        replies = [worker.ask(c) for c in self.commands(row.work, peer, first, count, "-")]
        return total(replies, row.clock)

    def pairs(self, row: Row, against: Against) -> Result:
        work = row.work
        most = work.queries if isinstance(work, Spread) else 1
        few = min(work.batch or 4, most) if isinstance(work, Spread) else 1
        theirs = self.seconds(row, against.peer, 0, few)
        count = most
        if isinstance(work, Spread):
            count = max(1, min(most, int(self.effort.side_s / theirs)))
            if work.batch:
                count = max(work.batch, count // work.batch * work.batch)
        ratios, sides = [], []
        for pair in range(self.effort.pairs + 1):
            # Every pair has its own queries while there are any, and every other begins with them.
            first = pair * count % most if count < most else 0
            first = min(first, most - count)
            peers = [row.ours, against.peer]
            order = peers if pair % 2 == 0 else peers[::-1]
            took = {id(peer): self.seconds(row, peer, first, count) for peer in order}
            a, b = took[id(row.ours)], took[id(against.peer)]
            # The first pair warms up.
            if pair > 0:
                ratios.append(b / a)
                sides.append((a, b))
        result = self.result(row, against, ratios)
        result.seconds = tuple(statistics.median(side) for side in zip(*sides))
        return result

    # PageRank: methods are made as exact as they must be, then the fastest of each peer is timed.

    def run_page_rank(self, row: Row) -> list[Result]:
        queries = row.work.queries
        expected = self.reference(row.graph).page_ranks(queries)
        mine, *others = row.against
        try:
            my_command = self.fastest(row, mine, expected)
        except WorkerFailed as failed:
            return [self.result(row, against, failed=str(failed)) for against in others]
        results = []
        for against in others:
            try:
                results.append(self.page_rank_pairs(row, my_command, against, expected))
            except WorkerFailed as failed:
                results.append(self.result(row, against, failed=str(failed)))
        return results

    def page_rank_pairs(self, row: Row, mine: str, against: Against, expected) -> Result:
        theirs = self.fastest(row, against, expected)
        workers = {
            mine: self.worker(row.ours, row.graph),
            theirs: self.worker(against.peer, row.graph),
        }
        if mine == theirs:
            theirs += " "
            workers[theirs] = self.worker(against.peer, row.graph)
        queries = max(row.work.queries, 1)
        ratios, sides = [], []
        for pair in range(self.effort.pairs + 1):
            order = (mine, theirs) if pair % 2 == 0 else (theirs, mine)
            count = min(row.work.queries, 1)
            tail = f" {pair % queries} {count} -"
            took = {c: workers[c].ask(c.strip() + tail).cpu for c in order}
            if pair > 0:
                ratios.append(took[theirs] / took[mine])
                sides.append((took[mine], took[theirs]))
        result = self.result(row, against, ratios)
        result.measured = f"{row.ours.label} ({' '.join(mine.split()[1:])})"
        result.against = f"{against.peer.label} ({' '.join(theirs.split()[1:])})"
        result.seconds = tuple(statistics.median(side) for side in zip(*sides))
        return result

    def fastest(self, row: Row, against: Against, expected) -> str:
        """The peer's fastest command that is exact enough, without its queries."""
        worker = self.worker(against.peer, row.graph)
        found = []
        for method, kind in against.methods:
            knob = self.loosest(worker, method, kind, row.work.queries, expected)
            if knob is not None:
                command = f"pagerank {method} {knob:g}"
                took = worker.ask(f"{command} 0 {row.work.queries} -").cpu
                found.append((took, command))
        if not found:
            sought = f"an L1 error of {ref.L1_ERROR_MAX:g} in {PROBE_S_MAX} s"
            raise WorkerFailed(f"{against.peer.label} has no way to {sought}")
        return min(found)[1]

    def loosest(self, worker: Worker, method: str, kind: str, count: int, expected):
        """The loosest knob whose error is small enough; `None` where that is none, or too slow.

        In steps of a decade or of ten iterations first, then by bisection: a knob much too tight
        may take minutes.
        """
        knobs = {
            "none": [0],
            "tolerance": [10 ** (-eighth / 8) for eighth in range(40, 97)],
            "iterations": range(4, 201),
        }[kind]

        def exact(at: int) -> bool:
            worker.ask(f"pagerank {method} {knobs[at]:g} 0 {count} {self.out}")
            return ref.l1_error(self.out, expected) <= ref.L1_ERROR_MAX

        low, high, begin = 0, 0, time.monotonic()
        while not exact(high):
            low, high = high + 1, min(high + PROBE_STEP, len(knobs) - 1)
            if low == len(knobs) or time.monotonic() - begin > PROBE_S_MAX:
                return None
        while low < high:
            middle = (low + high) // 2
            if exact(middle):
                high = middle
            else:
                low = middle + 1
        return knobs[high]


def total(replies: list[Reply], clock: str) -> float:
    """Seconds per unit of work over several replies."""
    return sum(getattr(reply, clock) for reply in replies) / sum(reply.work for reply in replies)
