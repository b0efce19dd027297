"""The paths of an episode's call graph on which a model's context only grew: what it said on one is one sequence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from claudebox_rl.message_content import is_answer, plain_content
from claudebox_rl.types import ModelCall, Relation

Path = tuple[ModelCall, ...]


def growing_paths(calls: Iterable[ModelCall]) -> tuple[Path, ...]:
    """Return each way from where a context began to where it was last asked about, in the order of their last calls.

    A path begins where nothing came before, and where the context is not its parent's with the answer in it: at
    sub-agents, after a compaction or `/clear`, and where the agent changed system, tools, an answer or anything before
    it. Calls without an answer are left out, except where the conversation goes on from the part that came; of a call
    and its copies only those are in that something came of, else the last that was answered.
    """
    tree = _Tree(calls)
    return tuple(tree.path(call) for call in tree.kept if not tree.children(call))


class _Tree:
    """Which kept call continues which.

    Attributes:
        kept: The calls that are on a path, in the order of their start.
    """

    def __init__(self, calls: Iterable[ModelCall]) -> None:
        ordered = sorted(calls, key=lambda call: call.started_at)
        self._by_id = {call.call_id: call for call in ordered}
        self._named = {call.parent_call_id for call in ordered if call.relation not in (None, Relation.CONTINUES)}
        self._parents: dict[str, ModelCall] = {}
        self._children: dict[str, list[ModelCall]] = {}
        groups: dict[str, list[ModelCall]] = {}
        for call in ordered:
            groups.setdefault(call.copy_of or call.call_id, []).append(call)
        kept: set[str] = set()
        # What continues a call has more messages than it, so whether anything came of a call is known by then.
        for group in sorted(groups.values(), key=lambda group: len(_messages(group[0])), reverse=True):
            for call in self._chosen(group):
                kept.add(call.call_id)
                self._connect(call)
        self.kept = [call for call in ordered if call.call_id in kept]

    def children(self, call: ModelCall) -> list[ModelCall]:
        """Return the kept calls that continue this one."""
        return self._children.get(call.call_id, [])

    def path(self, call: ModelCall) -> Path:
        """Return the calls from where the context began to this one."""
        path = [call]
        while (parent := self._parents.get(path[-1].call_id)) is not None:
            path.append(parent)
        return tuple(reversed(path))

    def _chosen(self, group: list[ModelCall]) -> list[ModelCall]:
        continued = [call for call in group if self.children(call)]
        answered = [call for call in group if call.is_answered]
        named = [call for call in answered if call.call_id in self._named]
        return continued or named or answered[-1:]

    def _connect(self, call: ModelCall) -> None:
        parent = self._by_id.get(call.parent_call_id or "")
        if parent is not None and call.relation in (None, Relation.CONTINUES) and _grew(parent, call):
            self._parents[call.call_id] = parent
            self._children.setdefault(parent.call_id, []).append(call)


def _grew(parent: ModelCall, call: ModelCall) -> bool:
    """Whether the context of `call` is the parent's with its answer, and more."""
    before, after = _messages(parent), _messages(call)
    if len(after) <= len(before) or not all(map(_same, before, after)):
        return False
    if parent.is_answered and not is_answer(after[len(before)], parent.response or {}):
        return False
    return all(_unmarked(parent, name) == _unmarked(call, name) for name in ("system", "tools"))


def _messages(call: ModelCall) -> list[dict[str, Any]]:
    return call.request.get("messages", [])


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one == other or (one.get("role") == other.get("role") and plain_content(one) == plain_content(other))


def _unmarked(call: ModelCall, name: str) -> Any:
    return plain_content({"content": call.request.get(name)})
