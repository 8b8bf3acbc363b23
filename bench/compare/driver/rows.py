"""The rows: which work, on which graph, against whom, and what it should reach."""

from __future__ import annotations

from dataclasses import dataclass

from workers import Peer

# Hops timed in one go, after a first one that is not.
HOPS = 8
# Queries whose PageRank the reference solves.
PAGERANKS = 2


@dataclass(frozen=True)
class Spread:
    """Queries of one seed each, the ten strongest nodes of each."""

    hops: int
    threshold: float
    queries: int  # most that are run and checked
    semantics: str = "plain"
    batch: int = 0  # queries asked at once; 0: one by one


@dataclass(frozen=True)
class Hop:
    """Hops over all edges, seconds per edge."""


@dataclass(frozen=True)
class PageRank:
    """One query at a time, each method as exact as it must be for an L1 error of 1e-6."""

    queries: int  # 0: one query whose seeds are all nodes


@dataclass(frozen=True)
class Against:
    """A peer and the ratio to reach. With `methods`, the fastest that is exact enough counts."""

    peer: Peer
    target: float | None = None
    methods: tuple[tuple[str, str], ...] = ()  # PageRank: method, kind of its knob


@dataclass(frozen=True)
class Row:
    key: str
    question: str
    graph: str
    work: Spread | Hop | PageRank
    ours: Peer
    against: tuple[Against, ...]
    # The fastest of several peers in each pair: name, members' labels, target.
    best_of: tuple[tuple[str, tuple[str, ...], float], ...] = ()
    # What the ratio is called, and whether it is the clock's or the processors' seconds.
    figure: str = "times as fast"
    clock: str = "cpu"


@dataclass(frozen=True)
class Scaling:
    """Speed-up of two threads over one, as a part of what two accumulate loops reach."""

    key: str
    question: str
    graph: str
    spread: Spread
    variant: str
    target: float


@dataclass(frozen=True)
class Memory:
    key: str
    question: str
    graph: str
    # Part, as the worker calls it; what the table calls it; most bytes per edge.
    parts: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Build:
    key: str
    question: str
    graph: str
    target: float | None
    pairs: int


def ours(precision: str = "double", threads: int = 1, variant: str = "plain") -> Peer:
    return Peer("emanate", "emanate", precision, threads, variant)


def user_written(precision: str, library: str, target: float | None) -> list[Against]:
    ways = {"hash": "HashMap", "vec": "Vec per hop"}
    return [
        Against(Peer(f"{library}, {how}", library, precision, variant=f"{library}-{way}"), target)
        for way, how in ways.items()
    ]


def best(library: str, target: float) -> tuple[str, tuple[str, ...], float]:
    return (f"{library}, best", (f"{library}, HashMap", f"{library}, Vec per hop"), target)


def query_rows(graph: str) -> list[Row]:
    rows = []
    for precision, a, b, c in (("double", 20, 25, 20), ("single", 23, 29, 23)):
        blas = Peer("GraphBLAS", "graphblas", precision)
        rows.append(
            Row(
                f"2h-{precision}",
                f"2 hops, threshold 0, {precision}",
                graph,
                Spread(2, 0.0, 1000),
                ours(precision),
                (
                    Against(blas, a),
                    Against(Peer("scipy", "scipy", precision), b),
                    *user_written(precision, "petgraph", None),
                    *user_written(precision, "graph", None),
                ),
                (best("petgraph", c),),
            )
        )
    for precision, a, c in (("double", 16, 7), ("single", 18, 8)):
        blas = Peer("GraphBLAS", "graphblas", precision)
        rows.append(
            Row(
                f"3h-{precision}",
                f"3 hops, threshold 1e-3, {precision}",
                graph,
                Spread(3, 1e-3, 400),
                ours(precision),
                (
                    Against(blas, a),
                    *user_written(precision, "petgraph", None),
                    *user_written(precision, "graph", None),
                ),
                (best("petgraph", c),),
            )
        )
    for precision, a in (("double", 7), ("single", 10)):
        rows.append(
            Row(
                f"batch-{precision}",
                f"3 hops, threshold 0, batches of 16, {precision}",
                graph,
                Spread(3, 0.0, 128, batch=16),
                ours(precision),
                (
                    Against(Peer("GraphBLAS vxm", "graphblas", precision)),
                    Against(Peer("GraphBLAS mxm", "graphblas", precision, variant="batch")),
                ),
                (("GraphBLAS, best", ("GraphBLAS vxm", "GraphBLAS mxm"), a),),
            )
        )
    return rows


def hop_rows(graphs: tuple[str, ...]) -> list[Row]:
    targets = {"double": (2.1, 2.0, 0.75), "single": (2.4, 2.2, 0.80)}
    rows = []
    for graph in graphs:
        for threads in (1, 2):
            for precision, (one, two, limit) in targets.items():
                variant = "plain" if threads == 1 else "team"
                pull = Peer("GraphBLAS pull", "graphblas", precision, threads)
                loop = Peer("accumulate loop", "loop", precision, threads)
                against = [Against(pull, one if threads == 1 else two)]
                if threads == 1:
                    against.append(Against(loop, limit))
                rows.append(
                    Row(
                        f"hop-{graph}-{threads}t-{precision}",
                        f"full-frontier hop, {precision}, {threads} thread{'s' * (threads > 1)}",
                        graph,
                        Hop(),
                        ours(precision, threads, variant),
                        tuple(against),
                        figure="edges per second, as a multiple",
                        clock="cpu" if threads == 1 else "wall",
                    )
                )
    return rows


def engine_rows(graph: str) -> list[Row]:
    question = "2 hops, {}, as {} means it"
    return [
        Row(
            "sproink",
            question.format("threshold 1e-3", "sproink"),
            graph,
            Spread(2, 1e-3, 100, "max-both"),
            ours(variant="max-both"),
            (Against(Peer("sproink", "sproink"), 1000),),
        ),
        Row(
            "hirn",
            question.format("threshold 0", "hirn-graph"),
            graph,
            Spread(2, 0.0, 100, "once"),
            ours(variant="once"),
            (Against(Peer("hirn-graph", "hirn-graph"), 1000),),
        ),
        Row(
            "hirn-cut",
            "2 hops, threshold 1e-3, each as it means it",
            graph,
            Spread(2, 1e-3, 100, "once"),
            ours(variant="once"),
            (Against(Peer("hirn-graph", "hirn-graph")),),
        ),
    ]


def page_rank_rows(graphs: tuple[str, ...]) -> list[Row]:
    emanate = (("power", "tolerance"), ("push", "tolerance"))
    rows = []
    for graph in graphs:
        scikit = (("RH", "iterations"), ("diteration", "iterations"))
        rows.append(
            Row(
                f"pagerank-{graph}",
                "personalised PageRank, L1 error 1e-6",
                graph,
                PageRank(PAGERANKS),
                ours(),
                (
                    Against(ours(), methods=emanate),
                    Against(Peer("igraph", "igraph"), 5, (("prpack", "none"),)),
                    Against(Peer("scikit-network", "scikit-network"), 5, scikit),
                ),
            )
        )
    rows.append(
        Row(
            "pagerank-all",
            "PageRank of the whole graph, L1 error 1e-6",
            graphs[-1],
            PageRank(0),
            ours(),
            (
                Against(ours(), methods=emanate[:1]),
                Against(Peer("NetworKit", "networkit"), None, (("power", "tolerance"),)),
                Against(Peer("igraph", "igraph"), None, (("prpack", "none"),)),
            ),
        )
    )
    return rows


def native_rows(graph: str) -> list[Row]:
    works = {
        "2h": ("2 hops, threshold 0", Spread(2, 0.0, 1000)),
        "3h": ("3 hops, threshold 1e-3", Spread(3, 1e-3, 400)),
        "hop": ("full-frontier hop", Hop()),
    }
    native = Peer("the same, target-cpu=native", "emanate-native")
    return [
        Row(
            f"native-{key}",
            f"{question}, baseline build",
            graph,
            work,
            ours(),
            (Against(native, 0.97),),
            figure="of its speed",
        )
        for key, (question, work) in works.items()
    ]


AnyRow = Row | Scaling | Memory | Build


def all_rows(quick: bool) -> list[AnyRow]:
    small, middle, large = (f"rmat{scale}" for scale in ((12, 13, 14) if quick else (18, 20, 22)))
    build = "build from a binary edge list"
    many, one = Spread(2, 0.0, 1000), Spread(3, 0.0, 128)
    return [
        *page_rank_rows(("wordnet", small)),
        *query_rows(small),
        *engine_rows(small),
        *native_rows(small),
        Scaling("2t-many", "2 threads against 1, many queries", small, many, "plain", 0.95),
        Scaling("2t-one", "2 threads against 1, a saturated query", small, one, "team", 0.93),
        Build("build-small", build, small, None, 5 if quick else 20),
        *hop_rows((small, middle)),
        Memory(
            "memory",
            "memory, f32 weights, integer keys",
            large,
            (("out", "out-edges", 10), ("in", "+ in-edges", 20), ("dense", "+ dense layout", 30)),
        ),
        Build("build-large", build, large, 20, 1),
    ]
