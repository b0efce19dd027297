"""Settings as plain dataclasses: Hydra's schema, and what environment keywords are checked against.

Values here are JSON: they travel in environment specs and are written into datasets, so none may be a key or a secret.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

from claudebox_rl.errors import ConfigError


@dataclass
class ModelConfig:
    """Which model answers the agent, behind the gateway."""

    upstream: str = "oracle"
    """`oracle`, `nop`, `scripted`, `replay`, `faulty`, `anthropic`, `openai`, a plug-in, or `module:Class`."""
    name: str | None = None
    """Model id given to the agent; None: the upstream's own."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Further arguments of the upstream. Never a key: keys are read from the host's environment."""
    max_concurrent_calls: int = 64
    """Calls that one process has at work on one server of a model at once; more wait for their turn."""
    max_retries: int = 4
    """Of one call whose server failed before its first byte, inside the gateway; the agent does not see them."""
    prices: dict[str, Any] = field(default_factory=dict[str, Any])
    """Dollars per million tokens: `input`, `output`; `cache_write`, `cache_write_1h`, `cache_read` are else as `input`.
    Empty: those of the gateway's price list, which knows the API's own models."""


@dataclass
class BudgetConfig:
    """What one episode may use of its model; None: no limit. Passed by at most one model call."""

    model_calls: int | None = None
    """Answers of the model, those to sub-agents included; calls that failed are not counted."""
    input_tokens: int | None = None
    """Those read from or written to a cache included."""
    output_tokens: int | None = None
    cost_usd: float | None = None
    """By the gateway's price table; calls of a model that is not in it are then refused."""
    wall_s: float | None = None
    """From the opening of the session's door to the model. The call or prompt at work is cut."""
    concurrent_calls: int | None = None
    """At the same time; more wait for their turn."""


@dataclass
class SandboxConfig:
    """Which machine each session gets."""

    name: str = "auto"
    """`auto` (boxlite where a micro-VM really runs, else local), `boxlite`, `local`, `unsafe`, `fake`, or
    `module:Class`."""
    image: str | None = None
    """OCI image, for backends with images; None: the task's own."""
    task_images: str | None = None
    """Instead of `image`: a folder of OCI layout folders, each called as the folder of the task whose image it is, or
    that name with `.tests` for the image of its verifier."""
    template: str | None = None
    """Instead of `image`: a template that was built (`web_dev`; see `claudebox-rl templates list`), or any image."""
    network: str | None = None
    """`none`, `restricted` (only `allowed_hosts`) or `full`; None: as the task says, and `none` without a task."""
    allowed_hosts: list[str] = field(default_factory=list[str])
    """For `restricted`: `example.com`, `*.example.com` (every name below it), or with `:port` (else 80 and 443). Empty:
    the task's own list, where the task is restricted as well."""
    cpus: float | None = None
    memory_mib: int | None = None
    disk_mib: int | None = None
    max_processes: int | None = 1024
    start_timeout_s: float = 60.0
    max_starts: int | None = None
    """Machines of one host that start at the same time, of all its processes; more wait for their turn. None: two for
    each processor. How many run is not limited by this."""


@dataclass
class AgentConfig:
    """The program at work in the sandbox, and its limits."""

    name: str = "claude"
    """`claude` (the real CLI), `shell`, `oracle`, `careless`, `nop`, or `module:Class`."""
    tools: list[str] | None = field(default_factory=lambda: ["Bash", "Read", "Write", "Edit"])
    """Tools that the CLI offers to the model; None: all of its own."""
    max_turns: int | None = 100
    """Model calls of one prompt."""
    max_budget_usd: float | None = None
    """Of one session, by the CLI's price table."""
    timeout_s: float | None = None
    """Wall time of one prompt; None: the task's own, else 1800 (of a command in the shell's seat: 120)."""
    append_system_prompt: str | None = None
    max_retries: int = 3
    """Of one model call, inside the CLI, with its own back-off."""
    api_timeout_s: float = 600.0
    """Wait for the first byte of a model's answer."""
    stall_timeout_s: float = 120.0
    """Longest silence inside a streamed answer; at least 10."""
    policy_timeout_s: float = 3600.0
    """Wait for the policy's word on a tool call, in the supervisor's seat; without it the call does not run."""
    error_rate: float = 0.3
    """Of `careless`: the part of the solution's edits that it leaves out, from 0 (as `oracle`) to 1 (as `nop`)."""


@dataclass
class PolicyConfig:
    """Who chooses the actions of the environment."""

    name: str = "instruction"
    """`instruction` (the user gives the task's instruction, then submits), `submit`, `scripted`, `random`, `llm`, a
    plug-in, or `module:attribute`."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its arguments. Never a key."""


@dataclass
class RewardConfig:
    """One reward wrapper around the environment."""

    name: str = ""
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class DeadlineConfig:
    """Longest time of each stage of an episode, in seconds; None: no limit.

    They are backstops above the limits that machines, prompts and verifiers have of their own, and each stage has its
    own: an agent that uses all of its time leaves the verifier's untouched.
    """

    start_s: float | None = 1200.0
    """The machine, from its turn to start, an image's pull included (`sandbox.start_timeout_s` limits the boot)."""
    setup_s: float | None = 600.0
    """Task files and the start of the agent."""
    agent_s: float | None = 14400.0
    """From the policy's first sight to the verdict, over all prompts (`agent.timeout_s` limits each); then the episode
    is `truncated` and judged."""
    verify_s: float | None = 3600.0
    """The verdict, above the time that the task gives its verifier."""


@dataclass
class RolloutConfig:
    """How many episodes are played, and by whom."""

    num_workers: int = 2
    """Ray actors that play episodes; 0: in this process, without Ray."""
    sessions_per_worker: int = 1
    """Episodes that one actor plays at the same time; more is denser, 1 isolates a crash."""
    episodes_per_task: int = 1
    """Rounded up to whole groups."""
    group_size: int = 1
    """Episodes of a task that begin in one prepared state, on one worker; 1: each begins by itself."""
    branch_at: int | None = None
    """Steps of a group's first episode after which the others branch off from it; None: they begin where it begins."""
    max_in_flight: int | None = None
    """Episodes that are played, or played and not yet taken by whoever iterates; None: twice as many as workers can
    play at once. It holds the workers back where the taker is slow."""
    deadlines: DeadlineConfig = field(default_factory=DeadlineConfig)
    beat_interval_s: float = 2.0
    """Time between two questions to a worker about what it does."""
    beat_timeout_s: float = 60.0
    """A worker that does not answer for so long is killed and replaced."""
    max_attempts: int = 3
    """How often an episode is played that the infrastructure failed."""
    backoff_s: float = 1.0
    """Longest wait before the second attempt; it doubles for each further one. Waits are drawn from its upper half."""
    max_backoff_s: float = 60.0
    max_broken_workers: int = 3
    """Workers that a task may break in a row, without an episode of it that ends in between; then it is no longer
    played."""
    breaker_window: int | None = 20
    """The run stops when nine in ten of so many attempts, the last ones, failed by the infrastructure; None: never."""
    commit_interval_s: float = 30.0
    """Longest time that a finished episode waits for its Parquet file."""
    scrub: str = "keys"
    """What is taken out of episodes before they are written: `keys` that their sessions know, also what looks like one
    (`detect`), or nothing (`off`)."""


@dataclass
class SweepConfig:
    """How the jobs of a sweep are chosen and played."""

    jobs: int | None = None
    """Jobs at the same time; None: as many as have a processor for each of their workers."""
    search: str = "grid"
    """`grid` (every combination), or `optuna` (chosen one after another by what earlier ones came to)."""
    trials: int = 20
    """Of an adaptive search: jobs to be finished."""
    maximize: Any = None
    """Likewise: a column of the table, or a list of some; None, and nothing to minimize: `mean_return`."""
    minimize: Any = None
    """Likewise."""
    seed: int = 0
    """Likewise: of the choices. The episodes' own is `seed`."""


@dataclass
class RayConfig:
    """The cluster, and what one worker takes of it."""

    address: str = "local"
    """`local` starts one on this machine; else that of a running one, `HOST:PORT`, or `auto` for this machine's own."""
    runtime_env: dict[str, Any] = field(default_factory=dict[str, Any])
    """Ray's `runtime_env` for all workers (`{env_vars: {...}, working_dir: ...}`). Empty: they run in what is installed
    on their node, with the variables that `ray start` was run with. Never a key."""
    worker_cpus: float = 0.0
    """Processors that Ray sets aside for a worker. Sessions mostly wait for their model: 0 sets none aside."""
    worker_memory_mib: int = 0
    """Memory that Ray sets aside for a worker and its machines."""
    microvms_per_session: float | None = None
    """Of the custom resource `microvm`; None: 1 where a node has that resource, else 0."""
    worker_resources: dict[str, float] = field(default_factory=dict[str, float])
    """Further custom resources of a worker, by name."""
    worker_labels: dict[str, str] = field(default_factory=dict[str, str])
    """Labels that a worker's node must have (`ray start --labels`): `spot`, `!spot`, `in(a,b)` or `!in(a,b)` each."""
    can_grow: bool = False
    """Nodes come by demand (an autoscaler): wait for what no node of now can give, instead of refusing it."""


Dataclass = TypeVar("Dataclass")


def parse(cls: type[Dataclass], value: Any, *, key: str, where: str) -> Dataclass:
    """Make a settings value from what a user gave: an instance, a mapping of its fields, or one field's value.

    Args:
        cls: One of this module's dataclasses.
        value: An instance of `cls`; a mapping of field names; or the value of the field `key` alone.
        key: The field that a bare value sets.
        where: The keyword's name, for messages.

    Raises:
        ConfigError: An unknown field (the message lists the known ones) or a value of a wrong type.
    """
    if isinstance(value, cls):
        return value
    given: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {key: value}  # pyright: ignore[reportUnknownArgumentType]
    hints = get_type_hints(cls)
    for name, item in given.items():
        if name not in hints:
            raise ConfigError(f"{where}: unknown field {name!r}; known: {', '.join(hints)}", field=name)
        _check_type(f"{where}.{name}", item, hints[name])
    return cls(**given)


def _check_type(where: str, item: Any, hint: Any) -> None:
    kinds = [getattr(kind, "__origin__", kind) for kind in getattr(hint, "__args__", ()) if _is_union(hint)] or [
        getattr(hint, "__origin__", hint)
    ]
    if Any in kinds or any(_fits(item, kind) for kind in kinds):
        return
    names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
    raise ConfigError(f"{where} must be {names}, not {item!r}", field=where)


def _is_union(hint: Any) -> bool:
    return type(hint).__name__ in ("UnionType", "_UnionGenericAlias", "Union")


def _fits(item: Any, kind: Any) -> bool:
    if kind in (int, float) and isinstance(item, bool):
        return False
    return isinstance(item, (int, float) if kind is float else (list, tuple) if kind is list else kind)


def to_json(value: Any) -> dict[str, Any]:
    """Return a settings value as plain JSON types."""
    return dataclasses.asdict(value)
