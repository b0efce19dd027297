"""From an episode to a trajectory of the format."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.exports.atif.conversation import Conversation, Placed
from claudebox_rl.exports.atif.facts import known_calls, step_facts, strict
from claudebox_rl.exports.atif.parts import (
    Json,
    add_result,
    definitions_of,
    items,
    own,
    results_in,
    table,
    tool_call,
    tools_of,
)
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.trajectory.paths import growing_paths
from claudebox_rl.trajectory.rows import episode_row
from claudebox_rl.types import ModelCall, Relation, Step, ToolCall

VERSION = "ATIF-v1.8"
"""The newest published version: that of harbor 0.26.0."""
_MAIN = "main"
_UNKNOWN = "unknown"


@dataclass(slots=True)
class _Talk:
    """One agent's trajectory."""

    path: str
    conversation: Conversation
    agent: Json
    origin: ModelCall
    """Its first call."""
    helpers: list[_Talk] = field(default_factory=list["_Talk"])


def to_atif(record: EpisodeRecord) -> Json:
    """Return an episode as a document of ATIF, with its sub-agents embedded and linked by `trajectory_id`.

    Args:
        record: The episode, as it was stored; of a branch, what `Dataset.whole` gives has what came before it too.

    Returns:
        Strict JSON. `from_atif` makes the same record of it.

    Raises:
        TrajectoryError: A model call's request is none of the Messages API.
    """
    name = record.episode.episode_id
    with boundary(TrajectoryError, f"episode {name!r} can't be written as {VERSION}", episode_id=name):
        talks = _talks(record)
        main = talks.pop(_MAIN)
        for talk in talks.values():
            _link(talk, talks | {_MAIN: main}, record)
        _add_unheard(record, [main, *talks.values()])
        episode = record.episode
        root = _document(main, name, name)
        known = known_calls([step for one in [main, *talks.values()] for step in one.conversation.steps])
        root["final_metrics"] |= {"total_cost_usd": episode.cost_usd} if math.isfinite(episode.cost_usd) else {}
        root["final_metrics"]["extra"] = {"episode_return": episode.episode_return, "outcome": str(episode.outcome)}
        steps = [step_facts(step, known) for step in record.steps]
        root["extra"] = own(agent_path=_MAIN, episode=episode_row(episode), steps=steps)
        return strict(root)


def _talks(record: EpisodeRecord) -> dict[str, _Talk]:
    """Write each agent's conversation, by its path; the main one is always there."""
    kept = {call.call_id for path in growing_paths(record.model_calls) for call in path}
    placed = zip(range(len(record.model_calls)), record.model_calls, record.call_steps, strict=True)
    paths: dict[str, list[Placed]] = {_MAIN: []}
    for one in sorted(placed, key=lambda one: one[1].started_at):
        paths.setdefault(one[1].agent_path, []).append(one)
    talks: dict[str, _Talk] = {}
    for path, calls in paths.items():
        agent = _agent(record, [call for _, call, _ in calls])
        talk = Conversation(agent.get("model_name", ""), tools_of(agent))
        unplayed = _StepsWithoutCalls(record, {step for _, _, step in calls}) if path == _MAIN else None
        for one in calls:
            if unplayed is not None:
                unplayed.tell(talk, one[2])
            (talk.add if one[1].call_id in kept else talk.leave_out)(one)
        talk.end()
        if unplayed is not None:
            unplayed.tell(talk, len(record.steps))
        origin = calls[0][1] if calls else ModelCall("", "", {}, None, 0)
        talks[path] = _Talk(path, talk, agent, origin)
    return talks


def _agent(record: EpisodeRecord, calls: list[ModelCall]) -> Json:
    episode = record.episode
    tools: Any = next((call.request["tools"] for call in calls if call.request.get("tools")), None)
    models = Counter(call.model for call in calls)
    model = models.most_common(1)[0][0] if models else episode.model
    agent: Json = {"name": episode.agent or _UNKNOWN, "version": episode.agent_version or _UNKNOWN}
    agent |= {"model_name": model} if model else {}
    if tools:
        agent["tool_definitions"] = definitions_of(tools)
        agent |= {"extra": own(tools=tools)} if tools_of(agent) != tools else {}
    return agent


class _StepsWithoutCalls:
    """Tells the steps of an environment in which no model was asked: those of agents without one, and the last."""

    def __init__(self, record: EpisodeRecord, asked: set[int | None]) -> None:
        self._left = [step for step in record.steps if step.step_index not in asked]
        self._heard = {block.get("id") for call in record.model_calls for block in _blocks(call.response)}

    def tell(self, talk: Conversation, until: int | None) -> None:
        """Append the steps before one."""
        while self._left and until is not None and self._left[0].step_index < until:
            talk.steps += self._steps(self._left.pop(0))

    def _steps(self, step: Step) -> Iterator[Json]:
        is_prompt = "response" in step.observation  # the policy speaks to the agent; else it is asked about something
        yield {
            "source": "user" if is_prompt else "system",
            "message": step.action,
            "extra": own(untold=True, step_index=step.step_index),
        }
        calls = [call for call in step.tool_calls if call.tool_use_id not in self._heard]
        if calls:
            yield {
                "source": "agent",
                "message": "",
                "tool_calls": [tool_call(call.tool_use_id, call.name, call.input, "") for call in calls],
                "observation": {"results": [_unheard(call) for call in calls]},
                "llm_call_count": 0,
                "extra": own(untold=True, step_index=step.step_index),
            }


def _unheard(call: ToolCall) -> Json:
    return {"source_call_id": call.tool_use_id, "content": call.output, "extra": own(untold=True)}


def _blocks(message: Mapping[str, Any] | None) -> list[Json]:
    content: Any = (message or {}).get("content")
    blocks = cast("list[Any]", content) if isinstance(content, list) else []
    return [cast("Json", block) for block in blocks if isinstance(block, dict)]


def _add_unheard(record: EpisodeRecord, talks: list[_Talk]) -> None:
    """Add the results that no model was told of, from the log of actions."""
    owners = {name: step for talk in talks for name, step in talk.conversation.owners.items()}
    for call in (call for step in record.steps for call in step.tool_calls):
        if (owner := owners.get(call.tool_use_id)) is None or call.duration_s is None:
            continue
        if all(result["source_call_id"] != call.tool_use_id for result in results_in(owner)):
            add_result(owner, _unheard(call))


def _link(talk: _Talk, talks: Mapping[str, _Talk], record: EpisodeRecord) -> None:
    """Refer to a sub-agent's trajectory where it was started."""
    by_id = {call.call_id: call for call in record.model_calls}
    parent = by_id.get(talk.origin.parent_call_id or "") if talk.origin.relation is Relation.SUB_AGENT else None
    path = parent.agent_path if parent is not None and _reaches_main(parent.agent_path, by_id, talks) else _MAIN
    owner = talks[path]
    owner.helpers.append(talk)
    ref = {"trajectory_id": _trajectory_id(record.episode.episode_id, talk.path)}
    tool_use_id = _started_by(talk, parent, record) if parent is not None else None
    step = owner.conversation.owners.get(tool_use_id or "")
    if step is None or tool_use_id is None:
        told: Json = {"source": "system", "message": f"Sub-agent {talk.path} started.", "extra": own(untold=True)}
        add_result(told, {"subagent_trajectory_ref": [ref]})
        owner.conversation.steps.append(told)
        return
    if all(result["source_call_id"] != tool_use_id for result in results_in(step)):
        add_result(step, {"source_call_id": tool_use_id, "extra": own(untold=True)})
    found = next(result for result in results_in(step) if result["source_call_id"] == tool_use_id)
    found["subagent_trajectory_ref"] = [*items(found, "subagent_trajectory_ref"), ref]


def _reaches_main(path: str, calls: Mapping[str, ModelCall], talks: Mapping[str, _Talk]) -> bool:
    """Whether an agent was started by one that was started ... by the main one."""
    seen: set[str] = set()
    while path != _MAIN:
        above = calls.get(talks[path].origin.parent_call_id or "")
        if path in seen or above is None:
            return False
        seen.add(path)
        path = above.agent_path
    return True


def _started_by(talk: _Talk, parent: ModelCall, record: EpisodeRecord) -> str | None:
    """Return the tool call that started a sub-agent: by the log of actions, else by its prompt, else the first."""
    asked = [str(block.get("id")) for block in _blocks(parent.response) if block.get("type") == "tool_use"]
    made = set(talk.conversation.owners)
    for call in (call for step in record.steps for call in step.tool_calls):
        if call.tool_use_id in made and call.parent_tool_use_id in asked:
            return call.parent_tool_use_id
    first = str(talk.origin.request.get("messages"))
    for block in _blocks(parent.response):
        prompt = table(block, "input").get("prompt") if isinstance(block.get("input"), dict) else None
        if isinstance(prompt, str) and prompt and repr(prompt)[1:-1] in first:
            return str(block.get("id"))
    return next(iter(asked), None)


def _trajectory_id(episode_id: str, path: str) -> str:
    return episode_id if path == _MAIN else f"{episode_id}/{path}"


def _document(talk: _Talk, session_id: str, trajectory_id: str) -> Json:
    steps = talk.conversation.steps or [
        {"source": "system", "message": "Nothing was recorded.", "extra": own(untold=True)}
    ]
    measured = [step["metrics"] for step in steps if "metrics" in step]
    costs = [one["cost_usd"] for one in measured if "cost_usd" in one]
    document: Json = {
        "schema_version": VERSION,
        "session_id": session_id,
        "trajectory_id": trajectory_id,
        "agent": talk.agent,
        "steps": [{"step_id": number, **step} for number, step in enumerate(steps, 1)],
        "final_metrics": {
            **{
                f"total_{name}": sum(one[name] for one in measured)
                for name in ("prompt_tokens", "completion_tokens", "cached_tokens")
            },
            **({"total_cost_usd": sum(costs)} if costs else {}),
            "total_steps": len(steps),
        },
        "extra": own(agent_path=talk.path),
    }
    if talk.helpers:
        document["subagent_trajectories"] = [
            _document(helper, session_id, _trajectory_id(session_id, helper.path)) for helper in talk.helpers
        ]
    return document
