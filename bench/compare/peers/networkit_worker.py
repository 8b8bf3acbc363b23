"""NetworKit: PageRank of the whole graph by power iteration; its knob is the tolerance.

It has no personalised PageRank of a directed graph and no spreading, so it takes part where all
nodes are seeds. Sinks pass their rank on to all nodes, as ours do then.
"""

import networkit as nk
import numpy as np

from worker import Refused, arguments, read_graph, serve_page_rank


def main() -> None:
    given = arguments()
    nk.setNumberOfThreads(given.threads)
    graph = read_graph(given.graph)
    matrix = graph.matrix.tocoo()
    # Given as a matrix the weights would be left out, and other widths are not understood.
    ends = (matrix.coords[0].astype(np.uint64), matrix.coords[1].astype(np.uint64))
    held = nk.GraphFromCoo((matrix.data, ends), n=matrix.shape[0], weighted=True, directed=True)

    def scores(seed: int | None, method: str, knob: float) -> np.ndarray:
        if seed is not None or method != "power":
            raise Refused("NetworKit does PageRank of the whole graph by power iteration only")
        distribute = nk.centrality.SinkHandling.DistributeSinks
        solver = nk.centrality.PageRank(held, 0.85, knob, False, distribute)
        solver.norm = nk.centrality.Norm.l1norm
        solver.run()
        return np.array(solver.scores())

    serve_page_rank(graph, scores)


main()
