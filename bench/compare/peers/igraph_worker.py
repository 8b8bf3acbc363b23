"""igraph: personalised PageRank by PRPACK, its default and fastest way; it has no tolerance."""

import igraph
import numpy as np

from worker import Refused, arguments, read_graph, serve_page_rank


def main() -> None:
    graph = read_graph(arguments().graph)
    matrix = graph.matrix.tocoo()
    edges = np.column_stack([matrix.coords[0], matrix.coords[1]])
    held = igraph.Graph(n=matrix.shape[0], edges=edges, directed=True)
    held.es["weight"] = matrix.data

    def scores(seed: int | None, method: str, _knob: float) -> np.ndarray:
        if method != "prpack":
            raise Refused(f"igraph has no method {method} here")
        reset = None if seed is None else seed
        if reset is None:
            return np.array(held.pagerank(damping=0.85, weights="weight", implementation=method))
        return np.array(
            held.personalized_pagerank(
                damping=0.85, reset_vertices=reset, weights="weight", implementation=method
            )
        )

    serve_page_rank(graph, scores)


main()
