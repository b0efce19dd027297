"""Frozen values that cross floors and processes. They hold facts; behaviour lives elsewhere."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from claudebox_rl.call_types import ModelCall as ModelCall
from claudebox_rl.call_types import Relation as Relation
from claudebox_rl.call_types import Usage as Usage
from claudebox_rl.outcome_types import Failure as Failure
from claudebox_rl.outcome_types import Outcome as Outcome
from claudebox_rl.outcome_types import Stage as Stage
from claudebox_rl.session_types import ResourceMetrics, SessionMetadata
from claudebox_rl.workspace_types import WorkspaceFile as WorkspaceFile
from claudebox_rl.workspace_types import WorkspaceState as WorkspaceState

_EXIT_CODE = re.compile(r"Exit code (\d{1,3})\b")
SUBMIT = "/submit"
"""The action that ends an episode and has the final state judged. Never sent to the agent."""
ENVIRONMENTS = {
    "user": "ClaudeBox-v0",
    "model": "ClaudeBoxModel-v0",
    "tool": "ClaudeBoxTool-v0",
    "shell": "ClaudeBoxShell-v0",
}
"""Gymnasium's ids of the environments, by the seat that the policy has there."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of the agent: a row of the action log."""

    tool_use_id: str
    name: str
    input: dict[str, Any]
    """JSON, as the model gave it."""
    output: str = ""
    is_error: bool = False
    started_at: float = 0.0
    """Seconds since the epoch, host clock, when the call was announced."""
    duration_s: float | None = None
    """None where the result never came."""
    parent_tool_use_id: str | None = None
    """The sub-agent's own call, where a sub-agent made this one."""
    policy_violation: str | None = None
    """What of the security policy it would have broken: it was refused and did not run. None where it broke nothing."""

    @property
    def exit_code(self) -> int | None:
        """Exit status of a shell command, as the agent reports it; None for other tools, and where unknown."""
        if self.name != "Bash" or self.duration_s is None:
            return None
        if not self.is_error:
            return 0
        reported = _EXIT_CODE.match(self.output)
        return int(reported[1]) if reported else None


ActionLog = ToolCall
"""The name that a row of the action log has in the claudebox package."""


@dataclass(frozen=True, slots=True)
class RefusedConnection:
    """A way out of the sandbox that its network policy did not give."""

    host: str
    """Name or address, as the command asked for it; cut and cleaned where it is no host. Empty where none was named."""
    port: int
    """0 where none was named."""
    reason: str
    """Says which setting would allow it."""
    at: float
    """Seconds since the epoch, host clock."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of the workspace that is not as it was before the prompt."""

    path: str
    """Below the working directory, with `/`; a name given by the agent, never to be opened on the host."""
    before: str | None
    """Text as it was; None where there was no such file, or none that was looked into."""
    after: str | None
    """Text as it is; likewise."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one prompt did to the files of the workspace."""

    files: tuple[FileChange, ...] = ()
    """Text files that were made, changed or removed, by path."""
    skipped: tuple[str, ...] = ()
    """Paths that changed but hold no UTF-8 text: evidence of no analyser."""


@dataclass(frozen=True, slots=True)
class CodeResult:
    """What one prompt to the agent gave."""

    success: bool
    response: str = ""
    """The agent's last message."""
    error: str | None = None
    failure: Failure | None = None
    """Set exactly where `success` is false."""
    exhausted: str | None = None
    """The limit of the session's budget that ended it (`failure` is `budget`), by its name in `BudgetConfig`."""
    exit_code: int | None = None
    """Exit status of the agent's process; None while it lives on for the next prompt."""
    reward: float | None = None
    """Sum of `reward_terms`; None where no reward was asked for, or one of its terms has no evidence."""
    reward_terms: dict[str, float] = field(default_factory=dict[str, float])
    """`verifier` where the prompt was judged, and the terms of the session's `reward_fn`."""
    action_log: tuple[ToolCall, ...] = ()
    refused: tuple[RefusedConnection, ...] = ()
    """Connections that the sandbox's network policy refused since the last prompt, at most the last 256."""
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    """Of this prompt: by the gateway's prices where it knows those of the model, else as the agent itself counts."""
    num_turns: int = 0
    duration_s: float = 0.0
    """Wall time from prompt to result, host clock."""
    agent_s: float = 0.0
    """The agent's own account of its time; what is above it in `duration_s` is the way there and back."""
    changes: Changes | None = field(default=None, repr=False)
    """What the prompt did to the files; None where no `reward_fn` asked, or it could not be seen whole."""
    session_metadata: SessionMetadata | None = None
    """The session after this prompt."""
    resource_metrics: ResourceMetrics | None = None
    """Taken after this prompt; None where the machine could no longer tell, and in rollouts."""

    @property
    def num_policy_violations(self) -> int:
        """Tool calls that the security policy refused."""
        return sum(call.policy_violation is not None for call in self.action_log)


@dataclass(frozen=True, slots=True)
class VerifierResult:
    """The verdict on the final state of a sandbox."""

    reward: float
    rewards: dict[str, float] = field(default_factory=dict[str, float])
    """The named parts that the verifier wrote; `{"reward": x}` for a reward.txt."""
    output: str = ""
    """What the verifier printed, capped."""
    exit_code: int = 0
    duration_s: float = 0.0
    share: float = 1.0
    """What it counts for in the episode's return; less than 1 where the task has checkpoints."""
    num_left_out: int = 0
    """Changed paths that were not carried whole to where it was judged, at least; 0 in place."""


@dataclass(frozen=True, slots=True)
class EpisodeRequest:
    """One episode to play."""

    task_id: str | None = None
    """None: the environment draws one by the seed."""
    episode_id: str = field(default_factory=lambda: f"episode-{uuid.uuid4().hex[:16]}")
    run_id: str = ""
    group_id: str | None = None
    seed: int | None = None
    attempt: int = 1
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    """Resolved settings, for the record; JSON, no secrets."""
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flight:
    """One episode that is being played, as its worker last told."""

    episode_id: str
    task_id: str | None
    stage: Stage
    stage_s: float
    """Time in that stage until now."""
    worker: str = ""
    """Who plays it: host and process, `node1:4711`; empty in this process."""


@dataclass(frozen=True, slots=True)
class Step:
    """One `env.step` of an episode."""

    episode_id: str
    step_index: int
    """From 0."""
    observation: dict[str, Any]
    """What the policy saw before it acted; JSON."""
    action: str
    """JSON where it was no text."""
    reward: float
    reward_terms: dict[str, float]
    """Named parts that sum to `reward`."""
    terminated: bool
    truncated: bool
    tool_calls: tuple[ToolCall, ...] = ()
    duration_s: float = 0.0
    refused: tuple[RefusedConnection, ...] | None = None
    """Connections that the sandbox's network policy refused; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One played episode, without its steps."""

    episode_id: str
    run_id: str
    task_id: str
    outcome: Outcome
    episode_return: float | None
    """Sum of rewards; None where the outcome gives none (`infra_error`, `cancelled`)."""
    group_id: str | None = None
    parent_episode_id: str | None = None
    fork_step: int | None = None
    attempt: int = 1
    """From 1; higher where an earlier attempt was lost to the infrastructure."""
    seed: int | None = None
    rewards: dict[str, float] = field(default_factory=dict[str, float])
    """Sums of the named reward terms."""
    num_steps: int = 0
    num_turns: int = 0
    queued_s: float | None = None
    """Until its machine's turn to start came; None where it is not known."""
    boot_s: float = 0.0
    """Start of the machine."""
    setup_s: float = 0.0
    """Task files and agent, after the machine was up."""
    agent_s: float = 0.0
    """The agent's own time over all prompts."""
    verify_s: float = 0.0
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    agent: str = ""
    agent_version: str = ""
    model: str = ""
    sandbox: str = ""
    isolation: str = ""
    verification: str | None = None
    """Where its final state is judged: `clean_room` or `in_place`; None where that is not known."""
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    """The resolved settings of the environment; JSON, no secrets."""
    overrides: tuple[str, ...] = ()
    exhausted: str | None = None
    """The limit of the budget that ended it, by its name in `BudgetConfig`; None where none did."""
    error_type: str | None = None
    error_message: str | None = None
    workspace_diff: str | None = None
    """Unified diff of the workspace against the task's files; None where it was not taken."""
    workspace_files: tuple[WorkspaceFile, ...] | None = None
    """Every path that is not as the task had it, likewise."""
    workspace_left_out: int | None = None
    """Changed paths whose final state is not stored, at least; 0: it is whole; None likewise."""
    num_scrubbed: int | None = None
    """Secrets that were taken out of what is stored of it; None where nobody looked."""
    num_calls_without_tokens: int | None = None
    """Model calls whose token ids were dropped, since their text held a secret; None likewise."""
    started_at: float = 0.0
    ended_at: float = 0.0

    @property
    def valid_for_training(self) -> bool:
        """Whether the return says something about the policy."""
        return self.outcome.valid_for_training
