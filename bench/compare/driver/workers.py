"""The peers' processes: how each is started, asked and stopped."""

from __future__ import annotations

import os
import select
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
CACHE = ROOT / "target" / "compare"

# A worker that has not answered by then is stopped, and its row fails.
REPLY_S_MAX = 600

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")


@dataclass(frozen=True)
class Peer:
    """One way to do the work; `label` is what the table calls it."""

    label: str
    name: str  # key of PROGRAMS
    precision: str = "double"
    threads: int = 1
    variant: str = "plain"


def python(script: str) -> list[str]:
    return [str(CACHE / "venv/bin/python"), str(HERE / "peers" / script)]


PROGRAMS: dict[str, list[str]] = {
    "emanate": [str(CACHE / "baseline/release/emanate_worker")],
    "emanate-native": [str(CACHE / "native/release/emanate_worker")],
    "petgraph": [str(CACHE / "native/release/user_worker")],
    "graph": [str(CACHE / "native/release/user_worker")],
    "sproink": [str(CACHE / "native/release/sproink_worker")],
    "hirn-graph": [str(CACHE / "native/release/hirn_worker")],
    "graphblas": [str(CACHE / "bin/graphblas")],
    "loop": [str(CACHE / "bin/loop")],
    "scipy": python("scipy_worker.py"),
    "igraph": python("igraph_worker.py"),
    "networkit": python("networkit_worker.py"),
    "scikit-network": python("sknetwork_worker.py"),
}


class WorkerFailed(Exception):
    """A worker refused a command, ended, or took too long."""


@dataclass
class Reply:
    wall: float
    cpu: float
    work: float
    checksum: float


class Worker:
    def __init__(self, peer: Peer, graph: Path):
        self.peer = peer
        variables = {name: str(peer.threads) for name in THREAD_VARIABLES}
        words = [*PROGRAMS[peer.name], str(graph), peer.precision, str(peer.threads), peer.variant]
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | variables,
        )
        greeting = self._line()
        if greeting != "ready":
            raise WorkerFailed(f"{peer.label}: {greeting.removeprefix('error ')}")

    def _line(self) -> str:
        out = self.process.stdout
        ready, _, _ = select.select([out], [], [], REPLY_S_MAX)
        if not ready:
            self.process.kill()
            raise WorkerFailed(f"{self.peer.label} did not answer in {REPLY_S_MAX} s")
        # A worker says nothing but one whole line for each command.
        line = out.readline().decode().strip()
        if not line:
            raise WorkerFailed(f"{self.peer.label} ended with status {self.process.wait()}")
        return line

    def ask(self, command: str) -> Reply:
        try:
            self.process.stdin.write((command + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError as broken:
            raise WorkerFailed(f"{self.peer.label} has ended") from broken
        word, _, rest = self._line().partition(" ")
        if word != "ok":
            raise WorkerFailed(f"{self.peer.label}: {rest}")
        return Reply(*(float(field) for field in rest.split()))

    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def stop(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Stable:
    """Workers that are running, each with one graph. They idle while others work."""

    def __init__(self) -> None:
        self.running: dict[tuple[Peer, Path], Worker] = {}

    def get(self, peer: Peer, graph: Path) -> Worker:
        key = (peer, graph)
        if key not in self.running:
            if peer.name in os.environ.get("MISSING_PEERS", "").split():
                raise WorkerFailed(f"{peer.name} is not installed here")
            # One graph at a time: no two are needed at once, and memory is finite.
            for other in [held for held in self.running if held[1] != graph]:
                self.running.pop(other).stop()
            self.running[key] = Worker(peer, graph)
        return self.running[key]

    def drop(self, peer: Peer, graph: Path) -> None:
        worker = self.running.pop((peer, graph), None)
        if worker:
            worker.stop()

    def stop(self) -> None:
        for worker in self.running.values():
            worker.stop()
        self.running.clear()
