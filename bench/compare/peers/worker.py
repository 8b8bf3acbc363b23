"""What the workers in Python share: the graph's files and the command language (README.md)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

TOP = 10
PAIR = np.dtype([("node", "<u8"), ("value", "<f8")])


@dataclass
class Arguments:
    graph: Path
    single: bool
    threads: int
    variant: str


@dataclass
class Graph:
    matrix: sparse.csr_array  # weights by source, float64
    seeds: np.ndarray


@dataclass
class Ask:
    """One command; what a verb does not have stays as it is here."""

    verb: str
    hops: int = 0
    threshold: float = 0.0
    method: str = ""
    knob: float = 0.0
    first: int = 0
    count: int = 0
    out: str = "-"


@dataclass
class Measured:
    wall: float
    cpu: float
    work: float
    checksum: float


class Refused(Exception):
    """The peer cannot do what was asked."""


def arguments() -> Arguments:
    graph, precision, threads, variant = sys.argv[1:]
    return Arguments(Path(graph), precision == "single", int(threads), variant)


def read_graph(folder: Path) -> Graph:
    offsets = np.fromfile(folder / "offsets.u64", "<u8").astype(np.int64)
    targets = np.fromfile(folder / "targets.u32", "<u4").astype(np.int32)
    weights = np.fromfile(folder / "weights.f32", "<f4").astype(np.float64)
    seeds = np.fromfile(folder / "seeds.u32", "<u4").astype(np.int64)
    n = len(offsets) - 1
    # 32-bit indices are the faster ones; all graphs here have fewer edges than they count.
    matrix = sparse.csr_array((weights, targets, offsets.astype(np.int32)), shape=(n, n))
    return Graph(matrix, seeds)


def strongest(nodes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The ten largest, descending."""
    best = np.arange(len(values))
    if len(values) > TOP:
        best = np.argpartition(values, -TOP)[-TOP:]
    best = best[np.argsort(-values[best], kind="stable")]
    answer = np.full(TOP, np.array((2**64 - 1, 0.0), PAIR))
    answer["node"][: len(best)] = nodes[best]
    answer["value"][: len(best)] = values[best]
    return answer


def measure(work: Callable[[], list[np.ndarray]]) -> tuple[list[np.ndarray], Measured]:
    """Runs `work`, which returns one answer for each query."""
    wall, cpu = time.monotonic(), time.process_time()
    answers = work()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    checksum = sum(float(answer["value"].sum()) for answer in answers)
    return answers, Measured(wall, cpu, len(answers), checksum)


def parse(line: str) -> Ask:
    match line.split():
        case ["spread" | "batch" as verb, hops, threshold, first, count, out]:
            ask = Ask(verb, hops=int(hops), threshold=float(threshold))
        case ["pagerank", method, knob, first, count, out]:
            ask = Ask("pagerank", method=method, knob=float(knob))
        case _:
            raise Refused(f"there is no command {line.strip()}")
    ask.first, ask.count, ask.out = int(first), int(count), out
    return ask


def serve(answer: Callable[[Ask], Measured]) -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            m = answer(parse(line))
            print(f"ok {m.wall:.9f} {m.cpu:.9f} {m.work} {m.checksum:.12e}", flush=True)
        except Refused as refused:
            print(f"error {refused}", flush=True)


def serve_page_rank(graph: Graph, scores: Callable[[int | None, str, float], np.ndarray]) -> None:
    """Serves `pagerank` only; `scores` takes a seed (none: all nodes), a method and its knob."""
    nodes = np.arange(graph.matrix.shape[0])

    def answer(ask: Ask) -> Measured:
        if ask.verb != "pagerank":
            raise Refused("this peer knows pagerank only")
        numbers = range(ask.first, ask.first + ask.count)
        seeds = [int(graph.seeds[number % len(graph.seeds)]) for number in numbers] or [None]
        vectors = []

        def work() -> list[np.ndarray]:
            answers = []
            for seed in seeds:
                values = scores(seed, ask.method, ask.knob)
                answers.append(strongest(nodes, values))
                if ask.out != "-":
                    vectors.append(values)
            return answers

        _, measured = measure(work)
        if ask.out != "-":
            np.concatenate(vectors).astype("<f8").tofile(ask.out)
        return measured

    serve(answer)
