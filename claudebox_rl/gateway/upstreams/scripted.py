"""The model that follows a script: a list of turns in YAML, for tests and demonstrations.

    - text: I look first.                     # a text, tool calls, or both
      tools:
        - {name: Bash, input: {command: ls}}
      usage: {input_tokens: 1200, output_tokens: 30}    # what is reported; else 0 and 0
      delay_s: 0.5                            # wait before this turn; with any kind of turn
    - {status: 529, error: try later}         # an API error of that status
    - garbage: true                           # status 200 and a body that is not the API's
    - hang: true                              # no answer, until the agent gives up
    - drop: true                              # the connection is closed without an answer
    - text: Done.
      repeat: true                            # the last turn only: it also answers whatever comes after

Answers (`text`, `tools`) are chosen by the place in the conversation, which is the number of assistant messages since
the script began, so a request that is sent again gets the same answer. Faults are used up, one for each request, when
the conversation stands where they stand in the script. After the last turn every request is refused with status 400. A
conversation that starts anew (`/clear`) starts the answers anew, and does not bring faults back. A sub-agent's requests
are not part of the script; they are answered with one text.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.conversation import num_assistant_messages
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block, tool_use_block
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream, once
from claudebox_rl.gateway.upstreams._script import Turn, read_script

_GARBAGE = b"<!doctype html><title>not the API</title>"


@dataclass(frozen=True, slots=True)
class ScriptedOptions:
    """Settings of `scripted`."""

    script: Any
    """Path of a YAML file, or the list of turns itself."""
    model: str = "claudebox-scripted"


class ScriptedUpstream(Upstream):
    """Plays a script once.

    Args:
        options: Its settings.

    Raises:
        ConfigError: The script is malformed; names file, turn and field.
    """

    def __init__(self, options: ScriptedOptions) -> None:
        self.model = options.model
        self._answers: list[Turn] = []
        self._faults: list[deque[Turn]] = [deque()]
        for turn in read_script(options.script):
            if turn.is_fault:
                self._faults[-1].append(turn)
            else:
                self._answers.append(turn)
                self._faults.append(deque())
        self._began_at: int | None = None

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`."""
        return cls(read_options(ScriptedOptions, "scripted", options))

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        if "x-claude-code-agent-id" in headers:
            return message_reply(request, assistant_message(request, [text_block("Nothing was done.")]))
        place = self._place(request)
        turn = self._next(place)
        if turn is None:
            return error_reply(400, f"the script has no turn after its answer {len(self._answers) - 1}")
        await asyncio.sleep(turn.delay_s)
        if turn.hang:
            await asyncio.Event().wait()
        return _play(turn, place, request)

    def follow(self, parent: Upstream) -> None:
        """See `Upstream.follow`."""
        assert isinstance(parent, ScriptedUpstream)
        self._began_at, self._faults = parent._began_at, [deque(faults) for faults in parent._faults]

    def _place(self, request: Mapping[str, Any]) -> int:
        """Return how many answers of the script the conversation holds."""
        count = num_assistant_messages(request)
        if self._began_at is None or count < self._began_at:
            self._began_at = count
        return count - self._began_at

    def _next(self, place: int) -> Turn | None:
        """Choose the fault that waits at this place, else the answer; None after the end."""
        faults = self._faults[min(place, len(self._answers))]
        if faults:
            return faults[0] if faults[0].repeat else faults.popleft()
        if place < len(self._answers):
            return self._answers[place]
        return self._answers[-1] if self._answers and self._answers[-1].repeat else None


def _play(turn: Turn, place: int, request: Mapping[str, Any]) -> Reply:
    if turn.status is not None:
        return error_reply(turn.status, turn.error)
    if turn.garbage:
        return Reply(200, "text/html", once(_GARBAGE))
    if turn.drop:
        return Reply(0, "", once(b""))
    texts = [text_block(turn.text)] if turn.text is not None else []
    calls = [
        tool_use_block(f"toolu_script_{place}_{index}", name, tool_input)
        for index, (name, tool_input) in enumerate(turn.tools)
    ]
    return message_reply(request, assistant_message(request, [*texts, *calls], turn.usage))
