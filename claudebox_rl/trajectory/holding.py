"""Who may write episodes of a run: one driver, and the workers of that driver alone.

On a host it is file locks, which the kernel opens when their holder dies. On storage elsewhere the driver also keeps a
lease there: a small file that it rewrites while it lives, and that counts for nothing once it is `LEASE_S` old by the
storage's own clock.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from claudebox_rl.errors import ConfigError, TrajectoryError, boundary
from claudebox_rl.trajectory import _disk
from claudebox_rl.trajectory._storage import Storage, journal_folder, local_folder, storage_of
from claudebox_rl.trajectory.recovery import set_aside

LEASE_S = 60.0
_RENEWALS = 4
_DEATH_S = 60.0
log = logging.getLogger(__name__)
_works: dict[Path, int] = {}
"""Descriptors of the runs that this process works for."""
_works_lock = threading.Lock()


@contextmanager
def driving(dataset: str | Path, run_id: str) -> Generator[None]:
    """Be the one driver of a run.

    Waits for the workers of a driver that was killed, which end by themselves shortly after it.

    Raises:
        ConfigError: Another driver is at work; the message names it and says what to do.
        TrajectoryError: The storage can't be written, or workers of an earlier driver do not end.
    """
    with ExitStack() as stack:
        with boundary(TrajectoryError, f"can't hold run {run_id!r} of {dataset}"):
            lock = _lock(dataset, run_id, "driver")
            fd = stack.enter_context(_disk.held(lock))
            if fd is None:
                raise _refusal(run_id, lock.read_bytes())
            token = _known(lock.read_bytes()).get("token") or secrets.token_hex(8)
            _disk.replace_content(fd, _signature(token))
            _await_workers(dataset, run_id)
            stack.callback(_stop_working, _lock(dataset, run_id, "workers"))
            if local_folder(dataset) is None:
                stack.enter_context(_Lease(storage_of(dataset), run_id, token))
        yield


def working(dataset: str | Path, run_id: str) -> None:
    """Be a worker of a run on this host, until this process or its own driving of the run ends. Idempotent.

    Raises:
        TrajectoryError: The lock can't be had.
    """
    with boundary(TrajectoryError, f"can't work for run {run_id!r} of {dataset}"), _works_lock:
        path = _lock(dataset, run_id, "workers")
        if path not in _works:
            if local_folder(dataset) is None:
                _leave_to_the_new_driver(dataset, run_id)
            _works[path] = _disk.shared(path)


def _leave_to_the_new_driver(dataset: str | Path, run_id: str) -> None:
    """Set aside what an earlier driver's workers left on this host: the new driver could not see it, and plays it anew.

    The first worker here of each start does it, before any of that start plays.
    """
    start = storage_of(dataset).read(f"runs/{run_id}.start") or b""
    lock = _lock(dataset, run_id, "start")
    with _disk.locked(lock):
        if lock.read_bytes() != start:
            _await_workers(dataset, run_id)
            set_aside(dataset, run_id, also_finished=True)
            lock.write_bytes(start)


def _stop_working(path: Path) -> None:
    with _works_lock:
        if path in _works:
            os.close(_works.pop(path))


def _await_workers(dataset: str | Path, run_id: str) -> None:
    deadline = time.monotonic() + _DEATH_S
    while time.monotonic() < deadline:
        with _disk.held(_lock(dataset, run_id, "workers")) as fd:
            if fd is not None:
                return
        time.sleep(0.05)
    raise TrajectoryError(
        f"workers of an earlier driver of run {run_id!r} are still at work on {socket.gethostname()}: end them first"
    )


def _lock(dataset: str | Path, run_id: str, role: str) -> Path:
    path = journal_folder(dataset) / f".{run_id}.{role}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _signature(token: str, state: str = "held") -> bytes:
    """Return who holds a run. The token stays with the host, so that it knows its own lease again after a kill."""
    return json.dumps({"token": token, "state": state, "host": socket.gethostname(), "pid": os.getpid()}).encode()


def _known(data: bytes | None) -> dict[str, Any]:
    try:
        return json.loads(data or b"{}")
    except ValueError:
        return {}  # cut off by a kill


def _refusal(run_id: str, holder: bytes | None, advice: str = "wait for its end, or end it") -> ConfigError:
    known = _known(holder)
    who = f"process {known['pid']} on {known['host']}" if known else "another process"
    return ConfigError(f"run {run_id!r} is driven by {who} already: {advice}, or choose another run=", run_id=run_id)


class _Lease:
    """The driver's sign of life on a storage. Safe where a file is listed as soon as it is written, as on S3.

    Of two drivers that come at the same time, each writes before it looks: both may be refused, but never both let in.
    """

    def __init__(self, storage: Storage, run_id: str, token: str) -> None:
        self._storage, self._run_id, self._token = storage, run_id, token
        self._folder = f"runs/{run_id}.drivers"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease of {run_id}", daemon=True)

    def __enter__(self) -> None:
        self._write("held")
        try:
            self._refuse_second()
        except BaseException:
            self._write("released")
            raise
        self._storage.write(f"runs/{self._run_id}.start", secrets.token_hex(8).encode())
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        try:
            self._write("released")
        except Exception as error:
            log.warning("the lease of run %r stays for %.0f s: %s", self._run_id, LEASE_S, error)

    def _refuse_second(self) -> None:
        times = self._storage.names(self._folder)
        now = times[f"{self._token}.json"]
        for name, at in times.items():
            if name == f"{self._token}.json" or now - at > LEASE_S:
                continue
            holder = self._storage.read(f"{self._folder}/{name}")
            if _known(holder).get("state") == "held":
                left = LEASE_S - (now - at)
                raise _refusal(self._run_id, holder, f"end it, or, where it was killed, wait {left:.0f} s")

    def _renew(self) -> None:
        while not self._ended.wait(LEASE_S / _RENEWALS):
            try:
                self._write("held")
            except Exception as error:
                log.warning("the lease of run %r is not renewed: %s", self._run_id, error)

    def _write(self, state: str) -> None:
        self._storage.write(f"{self._folder}/{self._token}.json", _signature(self._token, state))
