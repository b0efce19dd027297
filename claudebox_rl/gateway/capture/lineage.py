"""Which model call goes on from which: the graph of an episode's conversations.

A call is placed when it arrives, before its answer is known: sub-agents start, and may end, while the answer that
called them is still being sent (Claude Code runs a tool as soon as its block is whole).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from claudebox_rl.gateway.capture.asked import Asked, Origin, wants_summary
from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.capture.history import History, Place
from claudebox_rl.gateway.conversation import texts
from claudebox_rl.types import Relation

_CLEARED = "<command-name>/clear</command-name>"
"""In the first prompt after `/clear`, as the CLI tells the model of its commands."""
_PARTS_KEPT = 8
"""Systems and tools of main agent and sub-agents take turns."""


class Lineage:
    """Places each call of an episode, and lets equal parts of their requests be one object."""

    def __init__(self) -> None:
        self._history: History[Asked] = History()
        self._parts: dict[str, deque[Any]] = {}
        self._by_agent: dict[str, list[Asked]] = {}

    def begin(
        self,
        call_id: str,
        request: dict[str, Any],
        caller: Caller,
        answer: Callable[[], dict[str, Any] | None],
    ) -> tuple[dict[str, Any], Asked]:
        """Put a call into the graph.

        Every request repeats the conversation; an episode's record grows by what is new in each, and by a reference
        for what is not.

        Args:
            call_id: The call.
            request: Its body; `messages` is a list of objects.
            caller: Who makes it.
            answer: Gives the answer so far, at any later time.

        Returns:
            The request, with each part that was seen before as the object that it was then; and the call, whose
            `is_answered` is for the caller to set.
        """
        messages, place = self._history.walk(request["messages"])
        shared = {name: self._share(name, value) for name, value in request.items()} | {"messages": messages}
        asked = Asked(call_id, caller, wants_summary(messages), answer)
        asked.origin = self._origin(caller, messages, place)
        place.marks.append(asked)
        self._by_agent.setdefault(caller.agent, []).append(asked)
        return shared, asked

    def _share(self, name: str, value: Any) -> Any:
        if name == "messages" or not isinstance(value, dict | list):
            return value
        known = self._parts.setdefault(name, deque(maxlen=_PARTS_KEPT))
        for part in known:
            if part == value:
                return part
        known.appendleft(value)
        return known[0]

    def _origin(self, caller: Caller, messages: list[Any], place: Place[Asked]) -> Origin:
        for known in place.marks if messages else ():
            if known.caller == caller:
                return Origin(known.origin.parent_call_id, known.origin.relation, copy_of=known.call_id)
        if own := _continued(place, messages, lambda other: other == caller):
            return Origin(own.call_id, Relation.CONTINUES)
        if not caller.is_main and caller.agent not in self._by_agent:
            return self._started(caller, messages)
        if own := _continued(place, messages, lambda other: other.agent == caller.agent):
            return Origin(own.call_id, Relation.CONTINUES)
        return self._summed_up(caller, messages) or self._cleared(caller, messages) or Origin()

    def _started(self, caller: Caller, messages: list[Any]) -> Origin:
        """Find the tool call that started a sub-agent: by its prompt, else the latest that nobody claimed."""
        users = [message for message in messages if message.get("role") == "user"]
        told = list(texts(users[-1].get("content"))) if users else []
        callers = reversed(self._by_agent.get(caller.parent_agent, []))
        open_calls = [(asked, block) for asked in callers for block in asked.tool_calls()]
        for fits in (_is_told, _is_part_of_told):
            for asked, block in open_calls:
                if fits(_prompt(block), told):
                    asked.claimed.add(str(block.get("id")))
                    return Origin(asked.call_id, Relation.SUB_AGENT)
        return Origin(open_calls[0][0].call_id if open_calls else None, Relation.SUB_AGENT)

    def _summed_up(self, caller: Caller, messages: list[Any]) -> Origin | None:
        """Find the call whose answer is the summary that this conversation begins with."""
        opening = "\n".join(texts(messages[0].get("content"))) if messages else ""
        for asked in reversed(self._by_agent.get(caller.agent, [])):
            if asked.asks_for_summary and (summary := asked.summary()) and summary in opening:
                return Origin(asked.call_id, Relation.COMPACTION)
        return None

    def _cleared(self, caller: Caller, messages: list[Any]) -> Origin | None:
        earlier = [asked for asked in self._by_agent.get(caller.agent, []) if asked.caller.session != caller.session]
        if earlier and messages and any(_CLEARED in text for text in texts(messages[0].get("content"))):
            return Origin(earlier[-1].call_id, Relation.CLEAR)
        return None


def _continued(place: Place[Asked], messages: list[Any], fits: Callable[[Caller], bool]) -> Asked | None:
    """Choose the call that a conversation continues: the longest; of several one whose answer it holds, or any came."""
    for next_index in range(len(messages) - 1, 0, -1):
        place = place.before or place
        known = [asked for asked in reversed(place.marks) if fits(asked.caller)]
        if known:
            return max(known, key=lambda asked: (asked.gave(messages[next_index]), asked.is_answered))
    return None


def _is_told(prompt: str, told: list[str]) -> bool:
    return bool(prompt) and prompt in told


def _is_part_of_told(prompt: str, told: list[str]) -> bool:
    return bool(prompt) and any(prompt in text for text in told)


def _prompt(block: dict[str, Any]) -> str:
    given: Any = block.get("input")
    prompt: Any = cast("dict[str, Any]", given).get("prompt") if isinstance(given, dict) else None
    return prompt if isinstance(prompt, str) else ""
