"""Episodes as plain Markdown, to be read from top to bottom.

All of it that came from an agent or a machine stands in fenced blocks, whose fence is longer than any in the text, or
in code spans without a backtick: whatever it says, it is shown, and is no markup.
"""

from __future__ import annotations

import json
import re
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from claudebox_rl.errors import TrajectoryError, boundary
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import SUBMIT, Episode, Step, ToolCall

_HEAD_LINES, _TAIL_LINES = 40, 20
_LINE_CHARACTERS = 2000
_NAME_CHARACTERS = 200
_FENCE = re.compile(r"`{3,}")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def to_markdown(record: EpisodeRecord, *, full: bool = False) -> str:
    """Return the transcript of an episode.

    Args:
        record: The episode, as it was stored.
        full: Do not shorten long texts.
    """
    lines = [*_head(record.episode)]
    for step in record.steps:
        lines += ["", *_step(record, step, full)]
    lines += ["", *_end(record.episode, full)]
    return "\n".join(lines) + "\n"


def write_markdown(dataset: Iterable[EpisodeRecord], path: str | Path, *, full: bool = False) -> None:
    """Write episodes to a file, one after another, in one rename; folders are made where they are missing.

    Args:
        dataset: An opened dataset, or any episodes.
        path: The file; replaced where it is there.
        full: Do not shorten long texts.

    Raises:
        TrajectoryError: There are no episodes, or the file can't be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    with boundary(TrajectoryError, f"can't write {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("x", encoding="utf-8") as file:
                num_episodes = 0
                for num_episodes, record in enumerate(dataset, 1):
                    file.write(("\n" if num_episodes > 1 else "") + to_markdown(record, full=full))
            if not num_episodes:
                raise TrajectoryError("there are no episodes to write")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _head(episode: Episode) -> Iterator[str]:
    usage = episode.usage
    yield f"# Episode {_span(episode.episode_id)}"
    yield ""
    yield f"- task: {_span(episode.task_id)}, attempt {episode.attempt}, seed {episode.seed}"
    yield f"- outcome: {episode.outcome}, return {_number(episode.episode_return)}"
    yield f"- model: {_span(episode.model)}, agent {_span(f'{episode.agent} {episode.agent_version}')}"
    yield f"- sandbox: {_span(episode.sandbox)}, isolation {_span(episode.isolation)}"
    yield f"- turns: {episode.num_turns} in {episode.num_steps} steps"
    yield (
        f"- tokens: {usage.input_tokens} in ({usage.cached_tokens} cached), {usage.output_tokens} out, "
        f"{_number(episode.cost_usd)} US dollars"
    )


def _step(record: EpisodeRecord, step: Step, full: bool) -> Iterator[str]:
    ends = [name for name in ("terminated", "truncated") if getattr(step, name)]
    title = [f"## Step {step.step_index}: reward {_number(step.reward)}", f"{step.duration_s:.1f} s", *ends]
    yield ", ".join(title)
    if step.reward_terms:
        yield ""
        yield "Reward terms: " + ", ".join(f"{_span(n)} {_number(value)}" for n, value in step.reward_terms.items())
    if step.action == SUBMIT:
        yield from ("", "Submitted.")
    else:
        yield from _titled("Prompt" if "response" in step.observation else "Action", step.action, full)
    known = {call.tool_use_id for call in step.tool_calls}
    top = [call for call in step.tool_calls if call.parent_tool_use_id not in known]
    seen: set[str] = set()
    for call in top or step.tool_calls:
        yield from _tool_call(call, step.tool_calls, 0, full, seen)
    if answer := record.last_words(step):
        yield from _titled("Answer", answer, full)


def _tool_call(call: ToolCall, calls: Iterable[ToolCall], depth: int, full: bool, seen: set[str]) -> Iterator[str]:
    """Yield a call, and indented below it those of the sub-agent that it started; each once, whoever claims it."""
    if call.tool_use_id in seen:
        return
    seen.add(call.tool_use_id)
    took = "no result" if call.duration_s is None else f"{call.duration_s:.2f} s"
    notes = [took, *(["error"] if call.is_error else []), *(["refused by the security policy"] * _is_refused(call))]
    inner: list[str] = [*_fenced(_input(call), full)]
    if call.policy_violation is not None:
        inner += ["", "Policy:", "", *_fenced(call.policy_violation, full)]
    if call.output:
        inner += ["", "Output:", "", *_fenced(call.output, full)]
    pad = "  " * depth
    yield ""
    yield f"{pad}- {_span(call.name)}, {', '.join(notes)}"
    yield ""
    yield from (f"{pad}  {line}" if line else "" for line in inner)
    for other in calls:
        if other.parent_tool_use_id == call.tool_use_id:
            yield from _tool_call(other, calls, depth + 1, full, seen)


def _is_refused(call: ToolCall) -> bool:
    return call.policy_violation is not None


def _input(call: ToolCall) -> str:
    command = call.input.get("command")
    if call.name == "Bash" and isinstance(command, str):
        return f"$ {command}"
    return json.dumps(call.input, ensure_ascii=False, indent=1)


def _end(episode: Episode, full: bool) -> Iterator[str]:
    yield "## End"
    if episode.rewards:
        yield ""
        yield "Rewards: " + ", ".join(f"{_span(name)} {_number(value)}" for name, value in episode.rewards.items())
    if episode.error_type:
        yield from _titled("Error", f"{episode.error_type}: {episode.error_message or ''}", full)
    if episode.workspace_diff:
        yield from _titled("Changes in the workspace", episode.workspace_diff, full)


def _titled(title: str, text: str, full: bool) -> Iterator[str]:
    yield from ("", f"{title}:", "", *_fenced(text, full))


def _fenced(text: str, full: bool) -> Iterator[str]:
    """Yield a text as a block that it can't end, and a note of what is not shown."""
    lines = _readable(text).split("\n")
    hidden = 0 if full else max(len(lines) - _HEAD_LINES - _TAIL_LINES, 0)
    if hidden:
        lines = [*lines[:_HEAD_LINES], *lines[-_TAIL_LINES:]]
    cut = 0 if full else sum(max(len(line) - _LINE_CHARACTERS, 0) for line in lines)
    lines = lines if full else [line[:_LINE_CHARACTERS] for line in lines]
    fence = "`" * (max((len(run) for line in lines for run in _FENCE.findall(line)), default=2) + 1)
    yield from (f"{fence}text", *lines, fence)
    notes = [f"{hidden} lines are left out after line {_HEAD_LINES}"] if hidden else []
    notes += [f"{cut} characters are left out at the ends of long lines"] if cut else []
    if notes:
        yield from ("", f"*{'; '.join(notes)}.*")


def _span(text: str) -> str:
    shown = " ".join(_readable(text).replace("`", "'").split())
    return f"`{shown[:_NAME_CHARACTERS]}{'...' if len(shown) > _NAME_CHARACTERS else ''}`" if shown else "-"


def _readable(text: str) -> str:
    """Return a text with one kind of line end, and a mark for each character that is not to be seen."""
    text = _LINE_ENDS.sub("\n", text).expandtabs(4)
    return "".join(c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs") else "\ufffd" for c in text)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"
