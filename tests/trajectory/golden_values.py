"""The episodes of the golden datasets: `python golden_values.py` writes one, of the version that this checkout writes.

A golden dataset is never written anew: it is what somebody stored years ago.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from claudebox_rl.trajectory import EpisodeJournal, EpisodeRecord, commit
from claudebox_rl.types import Episode, ModelCall, Outcome, Relation, Step, ToolCall, Usage

GOLDEN = Path(__file__).parent / "golden"
NAN, INF = float("nan"), float("inf")
SYSTEM = "You are a coding agent. " * 40
LOG = "".join(f'tests/test_{i}.py::test_naïve_{i} PASSED [{i:3d}%] 日本語 "q" \\ \t\x1b[0m\n' for i in range(12))
TOOLS = [{"name": name, "input_schema": {"type": "object", "properties": {"$text": {"x": "y" * 600}}}} for name in "AB"]


def request_of(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """As the CLI asks: the mark of the cache moves with the last message."""
    last = messages[-1]
    marked = [*last["content"][:-1], {**last["content"][-1], "cache_control": {"type": "ephemeral"}}]
    return {
        "model": "m",
        "messages": [*messages[:-1], {**last, "content": marked}],
        "system": [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}],
        "tools": TOOLS,
        "metadata": {"$text": "0" * 32, "$$text": {"$text": None}},
        "temperature": 1.0,
    }


def golden_records() -> list[EpisodeRecord]:
    """Two episodes that share long texts, one without steps, and one of odd values."""
    return [_talk("golden-a", 1), _talk("golden-b", 2), _empty("golden-c"), _odd("golden-d")]


def _talk(name: str, seed: int) -> EpisodeRecord:
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": f"Fix bug {seed}."}]}]
    calls: list[ModelCall] = []
    placed: list[int | None] = []
    steps: list[Step] = []
    for turn in range(3):
        output = f"{name} {turn}\n{LOG}"
        use = {"type": "tool_use", "id": f"t{turn}", "name": "Bash", "input": {"command": f"pytest {LOG}"}}
        calls.append(
            ModelCall(
                call_id=f"{name}-{turn}",
                episode_id=name,
                request=request_of(messages),
                response={"role": "assistant", "content": [use], "stop_reason": "tool_use"},
                status=200,
                model="m",
                parent_call_id=f"{name}-{turn - 1}" if turn else None,
                relation=Relation.CONTINUES if turn else Relation.ROOT,
                usage=Usage(100 + turn, 20, 5),
                cost_usd=0.25,
                started_at=1763974000.5 + turn,
                queue_s=0.125,
                first_token_s=0.5,
                latency_s=1.5,
                weight_version="w1",
                prompt_token_ids=tuple(range(turn, 40 + turn)),
                completion_token_ids=(1, 2, 151_000),
                logprobs=(-0.5, -1e-300, -2.0),
            )
        )
        placed.append(turn)
        result = {"type": "tool_result", "tool_use_id": f"t{turn}", "content": output}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
        call = ToolCall(f"t{turn}", "Bash", use["input"], output, turn == 1, 1763974001.25 + turn, 0.25)
        steps.append(
            Step(
                episode_id=name,
                step_index=turn,
                observation={"instruction": f"Fix bug {seed}.", "response": output, "facts": [turn, None, True, 0.5]},
                action="go on" if turn < 2 else "/submit",
                reward=0.5 * turn,
                reward_terms={"verifier": 0.25 * turn, "ünïcode": 0.25 * turn},
                terminated=turn == 2,
                truncated=False,
                tool_calls=(call,),
                duration_s=2.5,
            )
        )
    sub = {"model": "m", "messages": [{"role": "user", "content": LOG}], "system": SYSTEM, "tools": TOOLS[:1]}
    calls.insert(
        2,
        ModelCall(
            f"{name}-s",
            name,
            sub,
            {"content": []},
            200,
            parent_call_id=f"{name}-1",
            agent_path="s",
            relation=Relation.SUB_AGENT,
            copy_of=None,
        ),
    )
    placed.insert(2, 1)
    calls.append(ModelCall(f"{name}-f", name, {"model": "m"}, None, 0))
    placed.append(None)
    return EpisodeRecord(_episode(name, seed, len(steps)), tuple(steps), tuple(calls), tuple(placed))


def _empty(name: str) -> EpisodeRecord:
    lost = Episode(name, "run", "lost", Outcome.INFRA_ERROR, None, error_type="SandboxError", error_message="no room")
    return EpisodeRecord(lost, (), (), ())


def _odd(name: str) -> EpisodeRecord:
    observation = {"$text": "literal", "nan": "NaN", "nul": "\x00", "deep": _nested(200), "": {}, "long": LOG}
    outputs = ('{"$text":"' + "0" * 32 + '"}', '{"$$text":"x"}', "\x00", "日本語 👩‍🚀 \u202e\u2028" * 300, "")
    tools = tuple(ToolCall(f"t{i}", "Bash", {"$text": text}, text) for i, text in enumerate(outputs))
    steps = (
        Step(name, 0, observation, "", NAN, {"verifier": NAN, "other": -INF}, False, False, tools, 0.0),
        Step(name, 1, {}, "/submit", INF, {}, True, True),
    )
    request = {"messages": [], "$text": {"$text": {"$$text": [{"$text": "x" * 600}]}}, "big": 2**60, "one": 1.0}
    call = ModelCall(f"{name}-0", name, request, {"error": {"type": "overloaded_error", "message": "x" * 600}}, 529)
    return EpisodeRecord(_episode(name, None, 2, NAN), steps, (call,), (0,))


def _nested(depth: int) -> Any:
    value: Any = "bottom"
    for level in range(depth):
        value = [value] if level % 2 else {"down": value}
    return value


def _episode(name: str, seed: int | None, num_steps: int, episode_return: float = 1.5) -> Episode:
    return Episode(
        episode_id=name,
        run_id="run",
        task_id="fix-bug",
        outcome=Outcome.COMPLETED,
        episode_return=episode_return,
        group_id="group",
        parent_episode_id=None,
        fork_step=None,
        attempt=2,
        seed=seed,
        rewards={"verifier": episode_return},
        num_steps=num_steps,
        num_turns=3,
        queued_s=None,
        boot_s=0.125,
        setup_s=0.25,
        agent_s=4.5,
        verify_s=0.5,
        usage=Usage(300, 60, 15),
        cost_usd=0.75,
        agent="claude",
        agent_version="2.1",
        model="m",
        sandbox="local",
        isolation="namespace",
        verification="clean_room",
        config={"env": {"id": "ClaudeBox-v0", "prompt": LOG, "$text": 1}},
        overrides=("seed=1", "env.naïve=日本"),
        exhausted="wall_s",
        error_type=None,
        error_message=None,
        workspace_diff="--- a\n+++ b\n" + LOG,
        started_at=1763974000.125,
        ended_at=1763974009.625,
    )


def told(record: EpisodeRecord) -> Any:
    """Return every value as JSON that tells 1 from 1.0 and True, and NaN from all else, as text."""
    return json.loads(json.dumps(asdict(record)), parse_float=str, parse_constant=str)


def main() -> None:
    """Write the golden dataset of this version."""
    from claudebox_rl.trajectory import SCHEMA_VERSION

    folder = GOLDEN / f"v{SCHEMA_VERSION}"
    folder.mkdir()  # refuses to write one anew
    records = golden_records()
    for batch in (records[:2], records[2:]):
        for record in batch:
            with EpisodeJournal(folder, record.episode.episode_id) as file:
                for step in record.steps:
                    file.add_step(step, record.calls_of(step.step_index))
                file.add_calls(record.calls_of(None))
                file.finish(record.episode)
        commit(folder)
    (folder / "journal" / ".lock").unlink()
    (folder / "journal").rmdir()
    expected = [asdict(record) for record in records]
    (folder / "expected.json").write_text("[\n" + ",\n".join(map(json.dumps, expected)) + "\n]\n")


if __name__ == "__main__":
    main()
