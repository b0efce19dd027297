from __future__ import annotations

from claudebox_rl.agent.action_log import OUTPUT_CAP_CHARS, ActionRecorder
from claudebox_rl.agent.events import AssistantMessage, ToolResult, ToolResults, ToolUse


def announced(*ids: str, parent: str | None = None) -> AssistantMessage:
    return AssistantMessage("", tuple(ToolUse(i, "Bash", {"command": i}) for i in ids), parent)


def test_calls_keep_their_order_and_get_their_results() -> None:
    log = ActionRecorder()
    log.announce(announced("a", "b", parent="agent-1"))
    log.answer(ToolResults((ToolResult("b", "out b", True),)))
    first, second = log.calls()
    assert (first.tool_use_id, first.output, first.duration_s) == ("a", "", None)
    assert (second.output, second.is_error, second.parent_tool_use_id) == ("out b", True, "agent-1")
    assert second.duration_s is not None
    assert second.duration_s >= 0


def test_a_result_that_answers_nothing_is_left_out() -> None:
    log = ActionRecorder()
    log.answer(ToolResults((ToolResult("x", "?", False),)))
    assert log.calls() == ()


def test_a_huge_output_is_capped() -> None:
    log = ActionRecorder()
    log.announce(announced("a"))
    log.answer(ToolResults((ToolResult("a", "x" * (OUTPUT_CAP_CHARS + 5), False),)))
    assert len(log.calls()[0].output) == OUTPUT_CAP_CHARS
