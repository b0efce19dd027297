"""Two real Ray nodes on one host, each in a network namespace of its own, with an address, a home and a token file.

Anyone can try a cluster so, as root:

    sudo .venv/bin/python tests/distributed/two_nodes.py rollout.num_workers=4              # two on each node
    sudo .venv/bin/python tests/distributed/two_nodes.py rollout.num_workers=4 model=nop
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PORT = 6379
BIN = Path(sys.executable).parent
_END_S = 10.0


@dataclass(frozen=True)
class Site:
    """One node: what is run in it sees its network and its home only."""

    namespace: str
    address: str
    home: Path

    def popen(self, argv: Sequence[str | Path], **kwargs: object) -> subprocess.Popen[str]:
        """Start a program there."""
        command = ["ip", "netns", "exec", self.namespace, *map(str, argv)]
        return subprocess.Popen(command, env=self._env(), text=True, **kwargs)  # type: ignore[call-overload]

    def run(self, *argv: str | Path, check: bool = True) -> str:
        """Run a program there, and return what it printed."""
        process = self.popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate()
        if check and process.returncode != 0:
            raise RuntimeError(f"{self.namespace}: {' '.join(map(str, argv))}: {process.returncode}\n{said}")
        return said

    def join(self, *, head: Site | None) -> None:
        """Start Ray there, as a node of the cluster of `head`; None: as the head itself."""
        role = ["--head", f"--port={PORT}", "--include-dashboard=false"]
        role = role if head is None else [f"--address={head.address}:{PORT}"]
        self.run(
            BIN / "ray",
            "start",
            *role,
            f"--node-ip-address={self.address}",
            f"--temp-dir={self.home / 'ray'}",
            "--num-cpus=2",
            '--resources={"microvm": 2}',  # so that four workers are two on each
            "--object-store-memory=100000000",
        )

    def pids(self) -> list[int]:
        """Return the processes whose network this is."""
        return [int(pid) for pid in self.run_outside("ip", "netns", "pids", self.namespace).split()]

    def machines(self) -> list[Path]:
        """Return what the journal of machines holds there: records and state folders."""
        folder = self.home / ".claudebox" / "machines"
        return sorted(path for path in folder.glob("*") if not path.name.startswith(".")) if folder.exists() else []

    def end(self) -> None:
        """Kill everything there."""
        give_up = time.monotonic() + _END_S
        while (pids := self.pids()) and time.monotonic() < give_up:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    @staticmethod
    def run_outside(*argv: str) -> str:
        """Run a program of the host, and return what it printed."""
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def _env(self) -> dict[str, str]:
        path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "CLAUDEBOX_HOME": str(self.home / ".claudebox"),
            "RAY_AUTH_MODE": "token",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_memory_monitor_refresh_ms": "0",
        }


def why_not() -> str | None:
    """Return why no such nodes can be made here; None where they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    if shutil.which("ip") is None:
        return "iproute2 is missing (apt install iproute2)"
    name = f"cbx{os.getpid()}t"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return f"no network namespace can be made here: {made.stderr.strip()}"
    Site.run_outside("ip", "netns", "delete", name)
    return None


@contextmanager
def two_sites() -> Iterator[tuple[Site, Site]]:
    """Make two places with a wire between them and one token; nothing runs there yet. All ends with the context."""
    folder = Path(tempfile.mkdtemp(prefix="cbx"))
    names = [f"cbx{os.getpid()}{end}" for end in "ab"]
    first, second = (Site(name, f"10.77.0.{n}", folder / name[-1]) for n, name in enumerate(names, start=1))
    try:
        for site in (first, second):
            Site.run_outside("ip", "netns", "add", site.namespace)
            (site.home / ".ray").mkdir(parents=True)
        token = secrets.token_hex(32)
        _wire(first, second)
        for site in (first, second):
            file = site.home / ".ray" / "auth_token"
            file.touch(mode=0o600)
            file.write_text(token)
        yield first, second
    finally:
        for site in (first, second):
            site.end()
            subprocess.run(["ip", "netns", "delete", site.namespace], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _wire(first: Site, second: Site) -> None:
    wire = ["ip", "link", "add", "wire", "netns", first.namespace, "type", "veth"]
    Site.run_outside(*wire, "peer", "name", "wire", "netns", second.namespace)
    for site in (first, second):
        inside = ("ip", "-n", site.namespace)
        Site.run_outside(*inside, "address", "add", f"{site.address}/24", "dev", "wire")
        Site.run_outside(*inside, "link", "set", "lo", "up")
        Site.run_outside(*inside, "link", "set", "wire", "up")


def main(overrides: Sequence[str]) -> int:
    """Form the cluster, look at both nodes, play on both into one dataset, and see that nothing is left."""
    if obstacle := why_not():
        print(obstacle)
        return 2
    with two_sites() as (head, other):
        head.join(head=None)
        other.join(head=head)
        cluster = f"{head.address}:{PORT}"
        dataset = head.home.parent / "dataset"
        tool = BIN / "claudebox-rl"
        print(head.run(tool, "doctor", "sandbox=local", "--ray-address", cluster, "--nodes"), end="")
        print(head.run(tool, "rollout", f"ray.address={cluster}", "sandbox=local", f"out={dataset}", *overrides))
        print(head.run(tool, "machines", "reap", "--nodes", "--ray-address", cluster), end="")
        left = {site.address: [path.name for path in site.machines()] for site in (head, other)}
        print(f"left of machines: {left}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
