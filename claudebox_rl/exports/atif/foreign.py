"""An episode out of a trajectory that somebody else wrote."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from claudebox_rl.exports.atif.parts import Json, blocks_of, items, results_told, table
from claudebox_rl.exports.atif.speech import Speech, seconds
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import Episode, ModelCall, Outcome, Step, ToolCall, Usage


def episode_from(document: Json, name: str, task_id: str, outcome: Outcome, episode_return: float | None) -> Episode:
    """Return what a document says of its episode."""
    agent, totals = table(document, "agent"), table(document, "final_metrics")
    times = [seconds(step["timestamp"]) for step in items(document, "steps") if step.get("timestamp")]
    return Episode(
        episode_id=name,
        run_id=str(document.get("session_id") or ""),
        task_id=task_id,
        outcome=outcome,
        episode_return=episode_return,
        agent=str(agent["name"]),
        agent_version=str(agent["version"]),
        model=str(agent.get("model_name") or ""),
        usage=Usage(*(int(totals.get(f"total_{n}_tokens") or 0) for n in ("prompt", "completion", "cached"))),
        cost_usd=float(totals.get("total_cost_usd") or 0.0),
        started_at=min(times, default=0.0),
        ended_at=max(times, default=0.0),
    )


def steps_from(episode: Episode, speeches: list[Speech], episode_return: float | None) -> EpisodeRecord:
    """Return the record: a prompt of the user begins a step, and what the agents did until the next belongs to it."""
    main = speeches[0]
    begins = [index for index in range(len(main.steps)) if _is_prompt(main.steps, index)] or [0]
    placed = [(call, _step_at(begins, index)) for index, call, _ in main.calls]
    in_step: dict[str, int] = {call.call_id: step for call, step in placed}
    for helper in speeches[1:]:
        for _, call, _ in helper.calls:
            in_step[call.call_id] = in_step.get(call.parent_call_id or "", 0)
            placed.append((call, in_step[call.call_id]))
    ended = [*begins[1:], len(main.steps)]
    steps = [
        _step(episode.episode_id, number, main.steps[begin:end], main.steps[:begin])
        for number, (begin, end) in enumerate(zip(begins, ended, strict=True))
    ]
    reward = episode_return or 0.0
    steps[-1] = replace(steps[-1], terminated=True, reward=reward)
    calls = tuple(replace(call, episode_id=episode.episode_id) for call, _ in placed)
    return EpisodeRecord(
        episode=replace(episode, num_steps=len(steps), num_turns=len(calls), usage=_usage(episode, calls)),
        steps=tuple(steps),
        model_calls=calls,
        call_steps=tuple(step for _, step in placed),
    )


def _is_prompt(steps: list[Json], index: int) -> bool:
    """Whether the user speaks here who did not just before; what was copied belongs to another trajectory."""
    spoke = index > 0 and steps[index - 1]["source"] == "user"
    return steps[index]["source"] == "user" and not spoke and not steps[index].get("is_copied_context")


def _step_at(begins: list[int], index: int) -> int:
    return max(sum(begin <= index for begin in begins) - 1, 0)


def _step(episode_id: str, number: int, steps: list[Json], before: list[Json]) -> Step:
    prompt = "\n\n".join(_text(step["message"]) for step in steps if step["source"] == "user")
    answers = [_text(step["message"]) for step in before if step["source"] == "agent"]
    calls = tuple(call for step in steps for call in _tool_calls(step))
    return Step(episode_id, number, {"response": answers[-1] if answers else ""}, prompt, 0.0, {}, False, False, calls)


def _tool_calls(step: Json) -> list[ToolCall]:
    told = {block.get("tool_use_id"): block for block in results_told(step)}
    return [
        ToolCall(
            tool_use_id=call["tool_call_id"],
            name=call["function_name"],
            input=call["arguments"],
            output=_text(told.get(call["tool_call_id"], {}).get("content")),
            started_at=seconds(step.get("timestamp")),
        )
        for call in items(step, "tool_calls")
    ]


def _text(content: Any) -> str:
    return "\n".join(str(block.get("text", "")) for block in blocks_of(content))


def _usage(episode: Episode, calls: tuple[ModelCall, ...]) -> Usage:
    """Return what the document says, else what its calls come to."""
    return episode.usage if episode.usage != Usage() else sum((call.usage for call in calls), Usage())
