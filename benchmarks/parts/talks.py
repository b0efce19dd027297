"""Long talks of a coding agent with its model, made without one: what it reads and runs looks like code and logs.

Half of the outputs are pieces of source files of Python's standard library with numbered lines, as an agent reads
them, of 12 files a task: so that a file is read again, also by other episodes of the task. A quarter are logs, with
times, ids and paths drawn by chance; a quarter are test reports, with the names of the same tests and durations drawn
by chance.
"""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from claudebox_rl.trajectory import EpisodeJournal, EpisodeRecord
from claudebox_rl.types import Episode, ModelCall, Outcome, Relation, Step, ToolCall, Usage

_STEPS = ("connect to", "read", "retry", "flush", "parse", "close", "checksum of", "lock")
_LEVELS = ("DEBUG", "INFO", "INFO", "INFO", "WARNING", "ERROR")


@cache
def _sources() -> tuple[str, ...]:
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    return tuple(text for path in files if len(text := path.read_text(errors="replace")) > 8000)


def output(chance: random.Random, size: int, task: int) -> str:
    """Return what a tool gave in this task, of `size` characters."""
    make = chance.choice((_read, _read, _log, _tests))
    text = ""
    while len(text) < size:
        text += make(chance, size, task)
    return text[:size]


def _read(chance: random.Random, size: int, task: int) -> str:
    files = random.Random(task).sample(range(len(_sources())), 12)
    lines = _sources()[chance.choice(files)].splitlines()
    start = chance.choice((0, 0, 200, 500))
    return "\n".join(f"{number:6d}\t{line}" for number, line in enumerate(lines[start:], start + 1))[:size] + "\n"


def _code(chance: random.Random, size: int) -> str:
    text = chance.choice(_sources())
    start = chance.randrange(max(1, len(text) - size))
    lines = text[start : start + size].splitlines()
    first = chance.randrange(1, 900)
    return "\n".join(f"{number:6d}\t{line}" for number, line in enumerate(lines, first))


def _log(chance: random.Random, size: int, task: int) -> str:
    at, lines = 1_763_974_000.0 + chance.randrange(10**6), []
    while sum(map(len, lines)) < size:
        at += chance.expovariate(2)
        where = f"worker-{chance.randrange(16)}"
        what = f"{chance.choice(_STEPS)} /data/shard-{chance.randrange(4096):04d}.bin"
        lines.append(f"{at:.3f} {chance.choice(_LEVELS):7} [{where}] {what} id={chance.getrandbits(48):012x}\n")
    return "".join(lines)


def _tests(chance: random.Random, size: int, task: int) -> str:
    lines = ["=" * 30 + " test session starts " + "=" * 30 + "\n"]
    number = 0
    while sum(map(len, lines)) < size:
        number += 1
        verdict = "FAILED" if chance.random() < 0.03 else "PASSED"
        name = f"tests/unit/test_module_{number // 20}.py::test_case_{number}[{_STEPS[(number + task) % len(_STEPS)]}]"
        lines.append(f"{name} {verdict} ({chance.random():.3f}s)\n")
        if verdict == "FAILED":
            lines.append(_code(chance, 1500) + f"\nE   AssertionError: assert {chance.random()} == 1\n")
    return "".join(lines)


def talk(episode_id: str, num_turns: int, seed: int, sizes: tuple[int, int] = (10_000, 50_000)) -> EpisodeRecord:
    """Return an episode of one step in which the agent used a tool each turn.

    Args:
        episode_id: Its id.
        num_turns: Calls of the model.
        seed: The same gives the same; its thousands are the task.
        sizes: Of outputs, in characters: from, to.
    """
    chance = random.Random(seed)
    system, tools = _system()
    messages: list[Any] = [{"role": "user", "content": [{"type": "text", "text": f"Fix bug {seed}."}]}]
    calls: list[ModelCall] = []
    used: list[ToolCall] = []
    for turn in range(num_turns):
        name, use_id = f"{episode_id}-{turn}", f"toolu_{chance.getrandbits(96):024x}"
        command = {"command": f"cat src/module_{turn}.py | head -{chance.randrange(900)}", "description": "Look"}
        said = {"type": "text", "text": _code(chance, 400)}
        content = [said, {"type": "tool_use", "id": use_id, "name": "Bash", "input": command}]
        calls.append(
            ModelCall(
                call_id=name,
                episode_id=episode_id,
                request={
                    "model": "claude",
                    "messages": [*messages[:-1], _marked(messages[-1])],
                    "system": system,
                    "tools": tools,
                    "max_tokens": 32000,
                },
                response={"id": f"msg_{turn}", "role": "assistant", "content": content, "stop_reason": "tool_use"},
                status=200,
                model="claude",
                parent_call_id=f"{episode_id}-{turn - 1}" if turn else None,
                relation=Relation.CONTINUES if turn else Relation.ROOT,
                usage=Usage(1000 * turn, 100, 900 * turn),
                started_at=1763974000.0 + turn,
                latency_s=chance.random(),
            )
        )
        result = output(chance, chance.randint(*sizes), seed // 1000)
        used.append(ToolCall(use_id, "Bash", command, result, False, 1763974000.5 + turn, chance.random()))
        block = {"type": "tool_result", "tool_use_id": use_id, "content": result, "is_error": False}
        messages += [{"role": "assistant", "content": content}, {"role": "user", "content": [block]}]
    step = Step(
        episode_id, 0, {"instruction": f"Fix bug {seed}."}, "Fix it.", 1.0, {"v": 1.0}, True, False, tuple(used)
    )
    config = {"env": {"id": "ClaudeBox-v0"}, "rollout": {"group_size": 8}}
    episode = Episode(
        episode_id, "run", "fix-bug", Outcome.COMPLETED, 1.0, num_steps=1, num_turns=num_turns, config=config
    )
    return EpisodeRecord(episode, (step,), tuple(calls), (0,) * len(calls))


@cache
def _system() -> tuple[list[Any], list[Any]]:
    chance = random.Random(0)
    system = [{"type": "text", "text": _code(chance, 12_000), "cache_control": {"type": "ephemeral"}}]
    tools = [
        {"name": f"T{i}", "description": _code(chance, 2500), "input_schema": {"type": "object", "properties": {}}}
        for i in range(18)
    ]
    return system, tools


def _marked(message: dict[str, Any]) -> dict[str, Any]:
    *first, last = message["content"]
    return {**message, "content": [*first, {**last, "cache_control": {"type": "ephemeral"}}]}


def talks(lengths: tuple[int, ...], count: int) -> Iterator[EpisodeRecord]:
    """Yield `count` episodes of each of these numbers of turns."""
    for turns in lengths:
        for index in range(count):
            yield talk(f"talk-{turns:03d}-{index}", turns, seed=1000 * turns + index)


def play(dataset: Path, record: EpisodeRecord) -> None:
    """Write an episode's journal, finished."""
    with EpisodeJournal(dataset, record.episode.episode_id) as file:
        for step in record.steps:
            file.add_step(step, record.calls_of(step.step_index))
        file.finish(record.episode)
