"""scipy: a query is a sparse row times a sparse matrix for each hop.

The matrix holds weights times hop decay and has the type of the state.
"""

import numpy as np
from scipy import sparse

from worker import Ask, Measured, Refused, arguments, measure, read_graph, serve, strongest

HOP_DECAY = 0.85


def main() -> None:
    given = arguments()
    graph = read_graph(given.graph)
    kind = np.float32 if given.single else np.float64
    matrix = sparse.csr_array(graph.matrix * HOP_DECAY, dtype=kind)
    n = matrix.shape[0]

    def query(seed: int, hops: int, threshold: float) -> np.ndarray:
        one = np.ones(1, kind)
        pulses = sparse.csr_array((one, ([0], [seed])), shape=(1, n))
        total = pulses
        for _ in range(hops):
            if threshold > 0:
                fires = pulses.data >= threshold
                ends = np.array([0, np.count_nonzero(fires)])
                fired = (pulses.data[fires], pulses.indices[fires], ends)
                pulses = sparse.csr_array(fired, shape=(1, n))
            pulses = pulses @ matrix
            total = total + pulses
        return strongest(total.indices, total.data)

    def answer(ask: Ask) -> Measured:
        if ask.verb != "spread":
            raise Refused("this peer knows spread only")
        numbers = range(ask.first, ask.first + ask.count)
        seeds = [int(graph.seeds[number % len(graph.seeds)]) for number in numbers]
        answers, measured = measure(lambda: [query(s, ask.hops, ask.threshold) for s in seeds])
        if ask.out != "-":
            np.concatenate(answers).tofile(ask.out)
        return measured

    serve(answer)


main()
