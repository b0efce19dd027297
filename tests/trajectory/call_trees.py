"""Episodes of an agent that does anything: what it asks, what comes back, and what of it a trainer may learn."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, field
from typing import Any

from trajectory_values import episode_of

from claudebox_rl.trajectory import EpisodeRecord
from claudebox_rl.types import ModelCall, Relation

ACTS = (
    "ask",
    "ask",
    "ask",
    "fail",
    "cut",
    "cut and go on",
    "ask twice",
    "branch",
    "sub agent",
    "sum up",
    "clear",
    "rewrite",
    "drift",
    "change tools",
)
REWRITES = {"rewrite", "drift", "change tools"}
"""Acts after which a context is not what it was."""
TOLD_BY_THE_CLI = {"sub agent", "sum up", "clear"}
"""Acts that the gateway knows by what the CLI writes, which these conversations do not have."""


@dataclass
class Talk:
    """One conversation, with the tokens of each message as the chat template would write them now."""

    agent: str = "main"
    relation: Relation = Relation.ROOT
    last: str | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[tuple[int, ...]] = field(default_factory=list)
    tools: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "Bash"}])
    answers: list[int] = field(default_factory=list)
    """Places of the model's own messages."""


class Agent:
    """Makes calls. `learned` are those whose answers a trainer learns, each once."""

    def __init__(self, seed: int, *, has_ids: bool = True) -> None:
        self.chance, self.has_ids = random.Random(seed), has_ids
        self.calls: list[ModelCall] = []
        self.learned: set[str] = set()
        self.talks = [self._opened(Talk())]

    def act(self, name: str) -> None:
        talk = self.chance.choice(self.talks)
        getattr(self, "_" + name.replace(" ", "_"))(talk)

    def record(self) -> EpisodeRecord:
        calls = tuple(self.calls)
        return EpisodeRecord(episode_of("e"), (), calls, (None,) * len(calls))

    def _opened(self, talk: Talk) -> Talk:
        self._say(talk, "user")
        return talk

    def _say(self, talk: Talk, role: str) -> None:
        talk.messages.append({"role": role, "content": f"{role} {self._number()}"})
        talk.tokens.append(self._some_tokens())

    def _ask(self, talk: Talk) -> ModelCall:
        call = self._call(talk)
        self.learned.add(call.call_id)
        self._answered(talk, call)
        self._say(talk, "user")
        return call

    def _fail(self, talk: Talk) -> None:
        failed = self._call(talk, status=529, response={"type": "error"})
        if self.chance.random() < 0.7:
            self._again(talk, failed)

    def _cut(self, talk: Talk) -> None:
        self._again(talk, self._call(talk, stop_reason=None))

    def _cut_and_go_on(self, talk: Talk) -> None:
        self._answered(talk, self._call(talk, stop_reason=None))
        self._say(talk, "user")
        self._ask(talk)

    def _ask_twice(self, talk: Talk) -> None:
        """The first answer never reached the agent."""
        self._again(talk, self._call(talk))

    def _again(self, talk: Talk, first: ModelCall) -> None:
        call = self._call(talk, copy_of=first.call_id)
        self.learned.add(call.call_id)
        self._answered(talk, call)
        self._say(talk, "user")

    def _branch(self, talk: Talk) -> None:
        other = copy.deepcopy(talk)
        self._ask(talk)
        other.messages[-1] = {"role": "user", "content": f"instead {self._number()}"}
        other.tokens[-1] = self._some_tokens()
        self.talks.append(other)
        self._ask(other)

    def _sub_agent(self, talk: Talk) -> None:
        call = self._ask(talk)
        sub = self._opened(Talk(f"agent-{self._number()}", Relation.SUB_AGENT, call.call_id))
        self.talks.append(sub)
        self._ask(sub)

    def _sum_up(self, talk: Talk) -> None:
        summing = copy.deepcopy(talk)
        self._say(summing, "user")
        call = self._ask(summing)
        after = Talk(talk.agent, Relation.COMPACTION, call.call_id)
        self._say(after, "user")
        after.messages += talk.messages[-2:] if talk.answers else []
        after.tokens += talk.tokens[-2:] if talk.answers else []
        self.talks[self.talks.index(talk)] = after
        self._ask(after)

    def _clear(self, talk: Talk) -> None:
        self.talks[self.talks.index(talk)] = self._opened(Talk(talk.agent, Relation.CLEAR, talk.last))

    def _rewrite(self, talk: Talk) -> None:
        """The agent changes something that was said before."""
        place = self.chance.randrange(len(talk.messages))
        talk.messages[place] = {**talk.messages[place], "content": f"rewritten {self._number()}"}
        talk.tokens[place] = self._some_tokens()

    def _drift(self, talk: Talk) -> None:
        """The chat template writes an answer in other tokens than the model did."""
        if talk.answers:
            talk.tokens[self.chance.choice(talk.answers)] = self._some_tokens()

    def _change_tools(self, talk: Talk) -> None:
        talk.tools = [*talk.tools, {"name": f"Tool{self._number()}"}]

    def _call(
        self,
        talk: Talk,
        *,
        status: int = 200,
        response: dict[str, Any] | None = None,
        stop_reason: str | None = "end_turn",
        copy_of: str | None = None,
    ) -> ModelCall:
        text = [{"type": "text", "text": f"answer {self._number()}"}]
        message = response or {"type": "message", "role": "assistant", "content": text, "stop_reason": stop_reason}
        is_whole = status == 200 and stop_reason is not None
        wrote = self._some_tokens()
        call = ModelCall(
            call_id=f"c{len(self.calls)}",
            episode_id="e",
            request={"messages": list(talk.messages), "tools": list(talk.tools), "system": "s"},
            response=message,
            status=status,
            parent_call_id=talk.last,
            relation=talk.relation,
            copy_of=copy_of,
            agent_path=talk.agent,
            started_at=float(len(self.calls)),
            prompt_token_ids=sum(talk.tokens, ()) if is_whole and self.has_ids else None,
            completion_token_ids=wrote if is_whole and self.has_ids else None,
            logprobs=tuple(-float(token) for token in wrote) if is_whole and self.has_ids else None,
        )
        self.calls.append(call)
        return call

    def _answered(self, talk: Talk, call: ModelCall) -> None:
        assert call.response is not None
        talk.last, talk.relation = call.call_id, Relation.CONTINUES
        talk.answers.append(len(talk.messages))
        talk.messages.append({"role": "assistant", "content": call.response["content"]})
        talk.tokens.append(call.completion_token_ids or self._some_tokens())

    def _some_tokens(self) -> tuple[int, ...]:
        return tuple(self.chance.randrange(1000) for _ in range(self.chance.randrange(1, 4)))

    def _number(self) -> int:
        return self.chance.randrange(10**9)
