"""scikit-network: personalised PageRank by its solvers.

`RH` adds up the walks of each length and scales the sum, which gives a dead end's mass back to the
seed as our rule does; `diteration` aims at the same in single precision (and is wrong on more than
one thread), `bicgstab` with a tolerance that the library leaves at 1e-5. `piteration` and `lanczos`
scale the mass of dead ends over all nodes and solve another problem; `push` divides by zero at a
dead end. The knob is the number of iterations, the tolerance for `bicgstab`.
"""

import numpy as np
from scipy import sparse
from sknetwork.ranking import PageRank

from worker import Refused, arguments, read_graph, serve_page_rank

BY_ITERATIONS = ("RH", "diteration", "piteration")


def main() -> None:
    graph = read_graph(arguments().graph)
    # The library takes the older of scipy's two kinds.
    matrix = sparse.csr_matrix(graph.matrix)

    def scores(seed: int | None, method: str, knob: float) -> np.ndarray:
        if method in BY_ITERATIONS:
            solver = PageRank(damping_factor=0.85, solver=method, n_iter=int(knob), tol=0)
        elif method == "bicgstab":
            solver = PageRank(damping_factor=0.85, solver=method, n_iter=1000, tol=knob)
        else:
            raise Refused(f"scikit-network has no method {method} here")
        return solver.fit_predict(matrix, weights=None if seed is None else {seed: 1})

    serve_page_rank(graph, scores)


main()
