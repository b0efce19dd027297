"""One problem as a value: what its folder says, already checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from claudebox_rl.tasks.checkpoint import SCRIPT, Checkpoint, files_below, solutions

Network = Literal["none", "restricted", "full"]
Verification = Literal["clean_room", "in_place"]
VERIFIER_TIMEOUT_S = 600.0
COLLECT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class CollectCommand:
    """A command that brings what is to be judged into files."""

    command: str
    """For a shell."""
    timeout_s: float = COLLECT_TIMEOUT_S
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or a folder of the agent's machine."""

    path: str
    """Absolute, and the same in the verifier's machine."""
    exclude: tuple[str, ...] = ()
    """Patterns of what is left behind, as `tar` has them."""


@dataclass(frozen=True, slots=True)
class SeparateMachine:
    """A machine of the verifier's own, without the agent's files."""

    image: str | None = None
    """With the tests in it; None: the task's, to which tests and environment files are copied."""
    is_built: bool = False
    """Its image would have to be built of `tests/Dockerfile`; `image` is then None until one is given."""
    workdir: str | None = None
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment of every command in it."""
    cpus: float | None = None
    memory_mib: int | None = None
    network: Network = "full"
    allowed_hosts: tuple[str, ...] = ()
    """For `restricted`."""


@dataclass(frozen=True, slots=True)
class Task:
    """One problem: instruction, files, verifier. Made by `load_task`; picklable."""

    task_id: str
    """`suite/name` for the shipped suites, the folder's name otherwise."""
    path: Path
    """Absolute path of the folder."""
    instruction: str
    """What the agent is asked to do; marker lines against training-data leaks are taken off its top."""
    image: str | None = None
    """Registry reference of a ready image."""
    workdir: str | None = None
    """Absolute path inside where commands start; None: the image's own."""
    host_tools: tuple[str, ...] | None = None
    """Programs of the host with which the task also runs where there are no images; None: no such promise."""
    skills: tuple[str, ...] = ()
    """Names of skills that a session of it always has."""
    expected_s: float | None = None
    """How long an agent that solves it is expected to take; None: the task does not say."""
    pass_rates: Mapping[str, float] = field(default_factory=dict[str, float])
    """How often scripted players of given skill solved it, 0 to 1 by the player's name; empty: not measured."""
    agent_timeout_s: float | None = None
    """For the agent's whole work; None: the task sets no limit."""
    verifier_timeout_s: float = VERIFIER_TIMEOUT_S
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Environment of every command in the sandbox."""
    verifier_env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added to it for the verifier."""
    verifier_user: str | None = None
    """User inside that the verifier runs as, by name or number; None: that of the sandbox."""
    verifier_network: Network | None = None
    """Of the verifier, where that differs from the agent's; None: it doesn't."""
    verifier_allowed_hosts: tuple[str, ...] = ()
    """For `restricted`."""
    is_shared: bool = False
    """Whether the task says that its verifier runs in the agent's machine (Harbor's `shared`)."""
    separate: SeparateMachine | None = None
    """The verifier's own machine, which gets the artifacts alone (Harbor's `separate`)."""
    artifacts: tuple[Artifact, ...] = ()
    """What the verifier gets from the agent's machine, beside the working directory where it gets that."""
    collect: tuple[CollectCommand, ...] = ()
    """Run in the agent's machine after the agent's end."""
    verification: Verification | None = None
    """Where the work is judged: in a machine that no agent touched, or in the agent's own; None: it doesn't say."""
    agent_tests: bool = False
    """Whether tests that the agent writes or changes are part of its work."""
    solution_env: Mapping[str, str] = field(default_factory=dict[str, str])
    """Added to it for the solution."""
    cpus: float | None = None
    memory_mib: int | None = None
    network: Network = "full"
    """As in Harbor, a task that says nothing has the whole network; Harbor's `allowlist` is `restricted`."""
    allowed_hosts: tuple[str, ...] = ()
    """For `restricted`: names, `*.example.com` and addresses, at ports 80 and 443."""
    name: str = ""
    """`org/name` in a registry of tasks."""
    description: str = ""
    keywords: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The free `[metadata]` table, as it stands."""
    unread: tuple[str, ...] = ()
    """Keys of task.toml that neither Harbor nor this reads, dotted; for whoever meant something by them."""

    checkpoints: tuple[Checkpoint, ...] = ()
    """What the task consists of, played one after the other in one machine; empty: of itself alone."""
    checkpoint: int = 0
    """Which of them this value stands for: the instruction, the tests and the verifier's fields are its own."""
    only_last_counts: bool = False
    """The reward is the last verdict's; else each checkpoint gives its share, and one that is not reached gives 0."""

    def next_checkpoint(self) -> Task | None:
        """Return this task as it stands at its next checkpoint; None at the last one."""
        if self.checkpoint + 1 >= len(self.checkpoints):
            return None
        coming = self.checkpoints[self.checkpoint + 1]
        return replace(self, checkpoint=self.checkpoint + 1, instruction=coming.instruction)

    def is_passed(self, rewards: Mapping[str, float]) -> bool:
        """Say whether a verdict's named rewards let the episode go on to the next checkpoint."""
        return not self.checkpoints or self.checkpoints[self.checkpoint].is_passed(rewards)

    def share(self, *, is_last: bool) -> float:
        """Return what a verdict here counts for in the return.

        Harbor's mean leaves out the steps that were not reached, which would pay for failing early; here they are 0.

        Args:
            is_last: The episode ends with it.
        """
        if self.only_last_counts:
            return float(is_last)
        return 1 / max(1, len(self.checkpoints))

    @property
    def has_dockerfile(self) -> bool:
        """Whether the folder says how to build an image."""
        return (self.path / "environment" / "Dockerfile").is_file()

    @property
    def environment_files(self) -> Path | None:
        """The folder whose content goes to the working directory; None where a Dockerfile says what becomes of it."""
        folder = self.path / "environment"
        return folder if folder.is_dir() and not self.has_dockerfile else None

    @property
    def artifacts_elsewhere(self) -> tuple[Artifact, ...]:
        """The artifacts outside of the working directory."""
        within = PurePosixPath(self.workdir or "/workspace")
        return tuple(each for each in self.artifacts if not PurePosixPath(each.path).is_relative_to(within))

    @property
    def tests_dir(self) -> Path:
        """The folder of the tests; of those that all checkpoints share, where there are some."""
        return self.path / "tests"

    @property
    def tests_dirs(self) -> tuple[Path, ...]:
        """The folders whose files the verifier puts at /tests, later ones over earlier ones."""
        folders = (self.tests_dir, *(folder / "tests" for folder in self._checkpoint_folder()))
        return tuple(folder for folder in folders if folder.is_dir())

    @property
    def checkpoint_files(self) -> Path | None:
        """The folder whose content goes to the working directory when the checkpoint begins; None: nothing does."""
        folders = (folder / "workdir" for folder in self._checkpoint_folder())
        return next((folder for folder in folders if folder.is_dir()), None)

    @property
    def test_limits(self) -> tuple[float, Mapping[str, str]]:
        """How long the verifier may take here, in seconds, and what is added to its environment."""
        if not self.checkpoints:
            return self.verifier_timeout_s, self.verifier_env
        here = self.checkpoints[self.checkpoint]
        return here.verifier_timeout_s or self.verifier_timeout_s, {**self.verifier_env, **here.verifier_env}

    def _checkpoint_folder(self) -> tuple[Path, ...]:
        return (self.path / "steps" / self.checkpoints[self.checkpoint].name,) if self.checkpoints else ()

    @property
    def solution_dir(self) -> Path:
        """The folder of the reference solution; may be missing."""
        return self.path / "solution"

    def solution_files(self) -> dict[str, bytes]:
        """Return the reference solution: path below /solution to content, `solve.sh` among them; empty without one."""
        if self.checkpoints:
            return solutions(self.path / "steps", [checkpoint.name for checkpoint in self.checkpoints])
        return files_below(self.solution_dir) if (self.solution_dir / SCRIPT).is_file() else {}
