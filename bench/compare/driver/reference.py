"""What every answer is compared with: the formulas in double precision, by numpy.

None of this is a peer: plain and slow on purpose. Results are kept beside the graph they belong to.
The engine's own oracle is compared with it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

TOP = 10
PAIR = np.dtype([("node", "<u8"), ("value", "<f8")])
NOBODY = 2**64 - 1
HOP_DECAY = 0.85
DAMPING = 0.85
LANES = 16
# Values down to this far below the tenth are kept, so that ties may be broken in any way.
KEPT_BELOW = 1e-3
TOLERANCE = {"double": 1e-9, "single": 1e-4}
# So near a threshold, rounding decides whether a node fires.
MARGIN = {"double": 1e-12, "single": 1e-6}
L1_ERROR_MAX = 1e-6


class AnswersDiffer(Exception):
    """A peer's answer is not the reference's."""


@dataclass
class Answer:
    """One query: nodes and values, descending, the ten largest and what nearly is."""

    nodes: np.ndarray
    values: np.ndarray
    margin: float  # smallest |pulse - threshold| / threshold of the query


def read_graph(folder: Path) -> tuple[sparse.csr_array, np.ndarray]:
    offsets = np.fromfile(folder / "offsets.u64", "<u8").astype(np.int64)
    targets = np.fromfile(folder / "targets.u32", "<u4").astype(np.int64)
    weights = np.fromfile(folder / "weights.f32", "<f4").astype(np.float64)
    n = len(offsets) - 1
    matrix = sparse.csr_array((weights, targets, offsets), shape=(n, n))
    return matrix, np.fromfile(folder / "seeds.u32", "<u4").astype(np.int64)


def answer(total: np.ndarray, margin: float = np.inf) -> Answer:
    nodes = np.flatnonzero(total > 0)
    order = nodes[np.argsort(-total[nodes], kind="stable")]
    values = total[order]
    least = values[min(TOP, len(values)) - 1] * (1 - KEPT_BELOW)
    kept = values >= least
    return Answer(order[kept], values[kept], margin)


def margin_of(pulses: np.ndarray, threshold: float) -> float:
    if threshold == 0:
        return np.inf
    return float(np.min(np.abs(pulses[pulses > 0] - threshold), initial=np.inf) / threshold)


class Reference:
    """The reference of one graph; `cache` is the graph's folder."""

    def __init__(self, cache: Path):
        self.cache = cache
        self.matrix, self.seeds = read_graph(cache)
        self.turned = self.matrix.T.tocsr()
        self.known: dict[str, list] = {}

    def spreads(self, semantics: str, hops: int, threshold: float, count: int) -> list[Answer]:
        key = f"{semantics}-{hops}-{threshold:g}"
        known = self.known.setdefault(key, [])
        while len(known) < count:
            first = len(known)
            last = min(first + LANES, count)
            seeds = [self.seeds[number % len(self.seeds)] for number in range(first, last)]
            if semantics == "plain":
                known += self._plain(seeds, hops, threshold)
            elif semantics == "max-both":
                known += [self._max_both(seed, hops, threshold) for seed in seeds]
            else:
                cut = semantics == "once-cut"
                known += [self._once(seed, hops, threshold, cut) for seed in seeds]
        return known[:count]

    def _plain(self, seeds: list[int], hops: int, threshold: float) -> list[Answer]:
        pulses = np.zeros((self.matrix.shape[0], len(seeds)))
        pulses[seeds, np.arange(len(seeds))] = 1
        total = pulses.copy()
        margins = np.full(len(seeds), np.inf)
        for _ in range(hops):
            near = [margin_of(lane, threshold) for lane in pulses.T]
            margins = np.minimum(margins, near)
            pulses = self.turned @ np.where(pulses >= threshold, pulses * HOP_DECAY, 0)
            total += pulses
        return [answer(lane, margin) for lane, margin in zip(total.T, margins, strict=True)]

    def _both(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Offsets and targets of all edges taken both ways, and each node's number of them."""
        if not hasattr(self, "both"):
            indices = [self.matrix.indices, self.turned.indices]
            nodes = np.arange(self.matrix.shape[0])
            fans = [np.diff(matrix.indptr) for matrix in (self.matrix, self.turned)]
            rows = np.concatenate([np.repeat(nodes, fan) for fan in fans])
            targets = np.concatenate(indices)
            order = np.argsort(rows, kind="stable")
            fans = np.bincount(rows, minlength=self.matrix.shape[0])
            self.both = (np.concatenate([[0], np.cumsum(fans)]), targets[order], fans)
        return self.both

    def _max_both(self, seed: int, hops: int, threshold: float) -> Answer:
        """The largest product over walks, each node sharing evenly; then sproink's logistic."""
        offsets, targets, fans = self._both()
        total = np.zeros(self.matrix.shape[0])
        total[seed] = 1
        margin = np.inf
        for _ in range(hops):
            margin = min(margin, margin_of(total, threshold))
            new = total.copy()
            for node in np.flatnonzero((total > 0) & (total >= threshold)):
                ends = targets[offsets[node] : offsets[node + 1]]
                given = total[node] * HOP_DECAY / max(fans[node], 1)
                new[ends] = np.maximum(new[ends], given)
            total = new
        squashed = np.where(total > 0, 1 / (1 + np.exp(-10 * (total - 0.3))), 0)
        return answer(squashed, margin)

    def _once(self, seed: int, hops: int, threshold: float, cut: bool) -> Answer:
        """Every node fires once, no decay, activation at most 1. With `cut`, as hirn-graph means
        it: the threshold leaves out contributions, too, and what is reported."""
        n = self.matrix.shape[0]
        total, fired = np.zeros(n), np.zeros(n, bool)
        total[seed] = 1
        frontier = np.array([seed])
        margin = np.inf
        for _ in range(hops):
            fired[frontier] = True
            frontier = frontier[total[frontier] >= threshold]
            rows = self.matrix[frontier]
            given = np.repeat(total[frontier], np.diff(rows.indptr)) * rows.data
            margin = min(margin, margin_of(given, threshold))
            kept = given >= threshold if cut else given > 0
            pulses = np.bincount(rows.indices[kept], given[kept], minlength=n)
            total = np.minimum(total + pulses, 1)
            frontier = np.flatnonzero((pulses > 0) & ~fired)
        return answer(np.where(total >= threshold * cut, total, 0), margin)

    def hop(self, hops: int) -> list[Answer]:
        """All nodes begin with 1; nothing decays."""
        pulses = np.ones(self.matrix.shape[0])
        total = pulses.copy()
        for _ in range(hops + 1):
            pulses = self.turned @ pulses
            total += pulses
        return [answer(total)]

    def page_ranks(self, count: int) -> np.ndarray:
        """One row for each query, or one whose seeds are all nodes where `count` is 0."""
        path = self.cache / f"pagerank-{count}.f64"
        n = self.matrix.shape[0]
        if path.exists():
            return np.fromfile(path).reshape(-1, n)
        given = np.zeros((n, max(count, 1)))
        if count:
            given[self.seeds[:count], np.arange(count)] = 1
        else:
            given[:] = 1 / n
        sums = self.matrix @ np.ones(n)
        share = np.divide(1, sums, out=np.zeros(n), where=sums > 0)[:, None]
        x = given.copy()
        change = 1.0
        while change > 1e-14:
            dangling = x[sums == 0].sum(axis=0)
            new = DAMPING * (self.turned @ (x * share) + dangling * given) + (1 - DAMPING) * given
            change = np.abs(new - x).sum(axis=0).max()
            x = new
        x.T.tofile(path)
        return np.ascontiguousarray(x.T)


def check_answers(path: Path, expected: list[Answer], precision: str, threshold: float) -> None:
    """Compares a file of answers with the reference, query by query."""
    got = np.fromfile(path, PAIR).reshape(-1, TOP)
    if len(got) != len(expected):
        raise AnswersDiffer(f"{len(got)} answers to {len(expected)} queries")
    for number, (mine, true) in enumerate(zip(got, expected, strict=True)):
        mine = mine[mine["node"] != NOBODY]
        size = min(TOP, len(true.values))
        if len(mine) != size or len(set(mine["node"].tolist())) != size:
            raise AnswersDiffer(f"query {number}: {len(mine)} nodes, expected {size}")
        slack = TOLERANCE[precision] * true.values[:size]
        if true.margin < MARGIN[precision]:
            slack = slack + threshold
        if np.any(np.abs(mine["value"] - true.values[:size]) > slack):
            raise AnswersDiffer(f"query {number}: {mine['value']}, expected {true.values[:size]}")
        value = dict(zip(true.nodes.tolist(), true.values.tolist(), strict=True))
        for (node, activation), near in zip(mine.tolist(), slack, strict=True):
            if abs(value.get(node, np.inf) - activation) > 2 * near:
                raise AnswersDiffer(f"query {number}: node {node} is not among the strongest")


def l1_error(path: Path, expected: np.ndarray) -> float:
    """The largest L1 distance of any query."""
    got = np.fromfile(path).reshape(expected.shape)
    return float(np.abs(got - expected).sum(axis=1).max())
