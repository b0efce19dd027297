"""What a sweep leaves on disk, so that it can be killed at any moment and goes on."""

from __future__ import annotations

import fcntl
import json
import os
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from claudebox_rl.distributed.sweep.job import Job
from claudebox_rl.errors import ConfigError, TrajectoryError, boundary


class SweepFolder:
    """A sweep's folder.

        sweep.json            its name, made with the folder
        jobs/<job>/job.json   what the job plays
        jobs/<job>/done.json  written last: the job has nothing left to play
        study.journal         what an adaptive search knows
        dataset/              the episodes of all jobs

    Args:
        path: The folder; made by `owned`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dataset = path / "dataset"
        self.study = path / "study.journal"

    @contextmanager
    def owned(self) -> Generator[str]:
        """Make the folder, keep other processes out of it, and give the sweep's name.

        Raises:
            ConfigError: Another process is at work on this sweep, or the folder can't be made.
        """
        with boundary(ConfigError, f"can't use {self.path} as the sweep's folder"):
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / ".lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield self._name()
        except BlockingIOError as error:
            raise ConfigError(
                f"another process plays the sweep in {self.path}: wait for it, or give another folder: out=FOLDER"
            ) from error
        finally:
            os.close(lock)

    def begin(self, job: Job) -> None:
        """Note what a job plays."""
        self._write(self._of(job) / "job.json", asdict(job))

    def finish(self, job: Job) -> None:
        """Note that a job has nothing left to play."""
        self._write(self._of(job) / "done.json", {"run_id": job.run_id, "at": time.time()})

    def is_done(self, job: Job) -> bool:
        """Whether a job has nothing left to play."""
        return (self._of(job) / "done.json").exists()

    def _name(self) -> str:
        file = self.path / "sweep.json"
        if not file.exists():
            self._write(file, {"sweep_id": f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}"})
        with boundary(ConfigError, f"{file} is damaged: remove it, or give another folder"):
            return json.loads(file.read_text(encoding="utf-8"))["sweep_id"]

    def _of(self, job: Job) -> Path:
        return self.path / "jobs" / job.job_id

    def _write(self, file: Path, value: dict[str, Any]) -> None:
        with boundary(TrajectoryError, f"can't write {file}"):
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary = file.with_name(f".{file.name}.inprogress")
            with temporary.open("w", encoding="utf-8") as stream:
                json.dump(value, stream, indent=1)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(file)
