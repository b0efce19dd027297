"""One trajectory, readable from top to bottom."""

from __future__ import annotations

import json
from collections.abc import Generator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from claudebox_rl.cli.dataset.tool_text import Block, tool_input
from claudebox_rl.cli.untrusted import one_line, printable
from claudebox_rl.cli.words import OUTCOME_STYLES, compact, dollars, ending, moment, number
from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import SUBMIT, Episode, Step, ToolCall

_HEAD_LINES, _TAIL_LINES = 8, 4
_LINE_CHARACTERS = 400


def transcript(record: EpisodeRecord, *, full: bool = False) -> Group:
    """Return the trajectory of one episode.

    Args:
        record: What was recorded.
        full: Show texts whole, and the workspace's diff.
    """
    parts: list[RenderableType] = [_header(record.episode)]
    for step in record.steps:
        parts += _step(record, step, full)
    parts += _ending(record.episode, full)
    return Group(*parts)


def _header(episode: Episode) -> RenderableType:
    spent = f"boot {episode.boot_s:.1f}, setup {episode.setup_s:.1f}, agent {episode.agent_s:.1f}"
    usage = episode.usage
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in (
        ("episode", episode.episode_id),
        ("task", f"{episode.task_id}, attempt {episode.attempt}, seed {episode.seed}"),
        ("outcome", f"{ending(episode)}, return {number(episode.episode_return)}"),
        ("model", f"{episode.model or '-'}, agent {episode.agent or '-'} {episode.agent_version}"),
        ("sandbox", f"{episode.sandbox or '-'}, isolation {episode.isolation or '-'}"),
        ("started", moment(episode.started_at)),
        ("seconds", f"{episode.ended_at - episode.started_at:.1f} ({spent}, verify {episode.verify_s:.1f})"),
        ("turns", f"{episode.num_turns} in {episode.num_steps} steps"),
        (
            "tokens",
            f"{compact(usage.input_tokens)} in ({compact(usage.cached_tokens)} cached), "
            f"{compact(usage.output_tokens)} out, ${dollars(episode.cost_usd)}",
        ),
    ):
        grid.add_row(name, Text(one_line(text), style=OUTCOME_STYLES[episode.outcome] if name == "outcome" else ""))
    return grid


def _step(record: EpisodeRecord, step: Step, full: bool) -> Generator[RenderableType]:
    yield Text()
    yield Rule(Text(_title(step), style="bold"), align="left", style="dim")
    if step.observation.get("tool"):  # the supervisor is asked about a call
        asked = f"{step.observation['tool']} {json.dumps(step.observation.get('input'))}"
        yield from _block(Block("asked", asked), full, style="dim")
    if step.action == SUBMIT:
        yield Text("submitted", style="cyan")
    else:
        kind = "prompt" if "response" in step.observation else "action"
        yield from _block(Block(kind, step.action), full, style="cyan")
    for call in step.tool_calls:
        yield from _tool_call(call, full)
    if response := record.last_words(step):
        yield from _block(Block("response", response), full, style="cyan")


def _title(step: Step) -> str:
    ends = [name for name in ("terminated", "truncated") if getattr(step, name)]
    terms = f" ({_terms(step.reward_terms)})" if step.reward_terms else ""
    return ", ".join(
        [f"step {step.step_index}", f"reward {number(step.reward)}{terms}", f"{step.duration_s:.1f} s", *ends]
    )


def _terms(terms: dict[str, float]) -> str:
    return one_line(", ".join(f"{name} {number(value)}" for name, value in terms.items()))


def _tool_call(call: ToolCall, full: bool) -> Generator[RenderableType]:
    took = "no result" if call.duration_s is None else f"{call.duration_s:.2f} s"
    shown = tool_input(call)
    title = Text.assemble((one_line(call.name), "bold"), (f"  {took}", "dim"))
    if shown.title:
        title.append(f"  {one_line(shown.title)}")
    if call.is_error:
        title.append("  error", style="bold red")
    if call.policy_violation is not None:
        title.append("  refused by the security policy", style="bold red")
    indent = 0 if call.parent_tool_use_id is None else 4  # a sub-agent's
    yield Padding(title, (0, 0, 0, indent), expand=False)
    yield _text(shown.text, full, indent + 2)
    if call.policy_violation is not None:
        yield _text(f"policy: {call.policy_violation}", full, indent + 2, style="red")
    if call.output:
        yield _text(call.output, full, indent + 2, style="red" if call.is_error else "dim", bar="| ")


def _ending(episode: Episode, full: bool) -> Generator[RenderableType]:
    yield Text()
    yield Rule(Text("end", style="bold"), align="left", style="dim")
    if episode.rewards:
        yield Text(f"rewards: {_terms(episode.rewards)}")
    if episode.error_type:
        yield from _block(Block(episode.error_type, episode.error_message or ""), full, style="bold red")
    if episode.workspace_diff:
        yield from _block(Block("changes in the workspace", episode.workspace_diff), full, style="cyan")


def _block(block: Block, full: bool, *, style: str) -> Generator[RenderableType]:
    yield Text(one_line(block.title), style=style)
    yield _text(block.text, full, 2)


def _text(text: str, full: bool, indent: int, *, style: str = "", bar: str = "") -> RenderableType:
    lines = printable(text).expandtabs(4).rstrip("\n").split("\n")
    if not full:
        lines = _shorten(lines)
    return Padding(
        Text("\n".join(bar + line for line in lines), style=style, overflow="fold"), (0, 0, 0, indent), expand=False
    )


def _shorten(lines: list[str]) -> list[str]:
    hidden = len(lines) - _HEAD_LINES - _TAIL_LINES
    if hidden > 1:
        lines = [*lines[:_HEAD_LINES], f"... {hidden} lines hidden (--full shows them)", *lines[-_TAIL_LINES:]]
    return [
        line if (more := len(line) - _LINE_CHARACTERS) <= 0 else f"{line[:_LINE_CHARACTERS]}... {more} more characters"
        for line in lines
    ]
