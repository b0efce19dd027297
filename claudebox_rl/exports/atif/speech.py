"""The model calls of one trajectory, read from its steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from claudebox_rl.exports.atif.contexts import EMPTY, Context, request_of
from claudebox_rl.exports.atif.facts import model_call
from claudebox_rl.exports.atif.parts import Json, answer_of, items, own_of, table, tools_of
from claudebox_rl.types import ModelCall, Relation, Usage


class Speech:
    """Reads one agent's trajectory.

    Args:
        document: The trajectory.
        path: The agent's.
        is_ours: `to_atif` wrote it.
        started_by: The model call that started the agent.

    Attributes:
        steps: Those of the document.
        calls: Model calls, each with its place in the record and the step of the environment in which it was made; of
            a document of anybody else the place is that of its step, and the step is None.
    """

    def __init__(self, document: Json, path: str, is_ours: bool, started_by: str | None) -> None:
        self.path, self.steps = path, items(document, "steps")
        self.calls: list[tuple[int, ModelCall, int | None]] = []
        self._agent = table(document, "agent")
        self._name = str(document.get("trajectory_id") or path)
        self._model = str(self._agent.get("model_name") or "")
        self._tools = tools_of(self._agent)
        self._started_by = started_by
        self._contexts: dict[str, Context] = {}
        self._names: dict[int, str] = {}
        self._last = EMPTY
        if not is_ours:
            self._mark_system()
        self._read(is_ours)

    def call_at(self, index: int) -> str | None:
        """Return the id of the last model call up to a step."""
        return next((self._names[i] for i in range(index, -1, -1) if i in self._names), None)

    def _mark_system(self) -> None:
        """The system's words before any other are the system prompt."""
        for step in self.steps:
            if step["source"] != "system":
                return
            step["extra"] = {**table(step, "extra"), "claudebox_rl": {"system": True}}

    def _read(self, is_ours: bool) -> None:
        pending = 0
        failed: list[Json] = []
        for index, step in enumerate(self.steps):
            said = own_of(step)
            if "call" in said if is_ours else _is_call(step):
                if step["source"] != "agent":
                    failed.append(said)
                    continue
                facts = said["call"] if is_ours else self._facts(index, step)
                self._add(index, step, facts, self.steps[pending:index])
                pending = index + 1
        for said in failed:
            base = self._contexts.get(said["request"].get("base") or "", EMPTY)
            request, _ = request_of(said["request"], base, None, (), str(said["call"].get("model", "")))
            self._keep(said["call"], {}, request, said["response"])

    def _add(self, index: int, step: Json, facts: Json, pending: list[Json]) -> None:
        said = own_of(step)
        difference = table(said, "request")
        base = self._contexts.get(difference["base"] or "", EMPTY) if "base" in difference else self._last
        request, context = request_of(difference, base, self._tools, pending, str(facts.get("model", "")))
        content = answer_of(step)
        call_id = self._names[index] = str(facts["call_id"])
        self._last = self._contexts[call_id] = Context(
            call_id,
            [*context.messages, {"role": "assistant", "content": content}],
            context.system,
            context.tools,
            context.settings,
            step,
        )
        self._keep(facts, table(step, "metrics"), request, _response(said, step, content, str(facts.get("model", ""))))

    def _keep(self, facts: Json, metrics: Json, request: Json, response: Any) -> None:
        call = model_call({"episode_id": "", **facts}, metrics, request, response)
        self.calls.append((int(facts["index"]), call, facts.get("step_index")))

    def _facts(self, index: int, step: Json) -> Json:
        """Return what there is to say of a call of anybody else."""
        has_origin = not self.calls and self._started_by is not None
        return {
            "index": index,
            "call_id": f"{self._name}#{step['step_id']}",
            "parent_call_id": self._started_by if has_origin else self._last.call_id or None,
            "relation": str(
                Relation.SUB_AGENT if has_origin else Relation.CONTINUES if self._last.call_id else Relation.ROOT
            ),
            "agent_path": self.path,
            "status": 200,
            "model": str(step.get("model_name") or self._model),
            "started_at": seconds(step.get("timestamp")),
        }


def _is_call(step: Json) -> bool:
    return step["source"] == "agent" and step.get("llm_call_count") != 0 and not step.get("is_copied_context")


def _response(said: Json, step: Json, content: list[Json], model: str) -> Json:
    if "response" in said:
        return {**said["response"], "content": content}
    metrics = table(step, "metrics")
    usage = Usage(int(metrics.get("prompt_tokens") or 0), int(metrics.get("completion_tokens") or 0))
    return {
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "tool_use" if step.get("tool_calls") else "end_turn",
        "usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
    }


def seconds(timestamp: Any) -> float:
    """Return an ISO 8601 time as seconds since the epoch; 0 where there is none."""
    return datetime.fromisoformat(timestamp).timestamp() if isinstance(timestamp, str) else 0.0
