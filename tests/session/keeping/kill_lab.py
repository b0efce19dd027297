"""A process that works in a session until it is killed, and the model that it works with; run by `test_kills`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Self

from claudebox_rl import ClaudeBox
from claudebox_rl.errors import SessionNotFoundError
from claudebox_rl.gateway import Reply, TaskFiles, Upstream
from claudebox_rl.gateway.messages import assistant_message, message_reply, text_block, tool_use_block

NUM_ACTIONS = 5


class CountingModel(Upstream):
    """Has the agent write `<prompt>-0`, `<prompt>-1`, ... to a file, and notes what each request holds."""

    def __init__(self, prompt: str, record: str) -> None:
        self.model, self._prompt, self._record, self._place = "counting", prompt, record, 0

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        return cls(options["prompt"], options["record"])

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        line = json.dumps({"prompt": self._prompt, "messages": json.dumps(request["messages"])}) + "\n"
        file = os.open(self._record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)
        place, self._place = self._place, self._place + 1
        if place >= NUM_ACTIONS:
            return message_reply(request, assistant_message(request, [text_block(f"done with {self._prompt}")]))
        word = f"{self._prompt}-{place}"
        call = tool_use_block(f"toolu_{word}", "Bash", {"command": f"echo {word} >> /workspace/words"})
        return message_reply(request, assistant_message(request, [call]))


async def work(session_id: str, prompt: str, record: str) -> None:
    model = {"upstream": "kill_lab:CountingModel", "options": {"prompt": prompt, "record": record}}
    try:
        opening = ClaudeBox.reconnect(session_id, model=model)
    except SessionNotFoundError:
        opening = ClaudeBox(session_id=session_id, model=model, sandbox="local")
    async with opening as box:
        result = await box.code(f"this is {prompt}")
        assert result.success, result.error


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
