"""The model that knows the answer: plays a task's own solution as tool calls.

First the solution's files are written, in parallel calls; then `solve.sh` is run from where the agent stands; then a
text ends the prompt. Where the task has checkpoints, each further prompt runs it again. What comes next follows from
the tool results in the request alone, so a call that is repeated, streamed or not, gets the same answer, and a
conversation that starts anew plays the solution again.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Self

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.conversation import ToolOutcome, num_assistant_messages, tool_names, tool_outcomes
from claudebox_rl.gateway.messages import Block, assistant_message, message_reply, text_block, tool_use_block
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream

_SCRIPT = "solve.sh"
_SCRIPT_TIMEOUT_MS = 600_000
"""The longest that the CLI's Bash tool allows."""
_ENCODED_CAP_BYTES = 64_000
"""One argument of a Linux command holds at most 128 KiB, and agents quote it once more."""
_TAIL_CHARS = 2_000
_RUN_ID = "toolu_oracle_run"


@dataclass(frozen=True, slots=True)
class OracleOptions:
    """Settings of `oracle`."""

    model: str = "claudebox-oracle"


class OracleUpstream(Upstream):
    """Plays one task's solution. Uses no tokens.

    Args:
        options: Its settings.
        task: Its `solution` has a `solve.sh`.
    """

    def __init__(self, options: OracleOptions, task: TaskFiles) -> None:
        self.model = options.model
        self._folder = f"{task.root}/solution"
        self._files = sorted(task.solution.items())
        self._runs = [_RUN_ID, *(f"{_RUN_ID}_{number}" for number in range(2, task.num_checkpoints + 1))]

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`.

        Raises:
            ConfigError: The task has no `solve.sh`, or a file that can't be written by tool calls.
        """
        read = read_options(OracleOptions, "oracle", options)
        if _SCRIPT not in task.solution:
            raise ConfigError(f"model oracle: the task has no solution/{_SCRIPT} to play; choose another model")
        for name, content in task.solution.items():
            _check_file(name, content)
        return cls(read, task)

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        return message_reply(request, assistant_message(request, self._turn(request)))

    def _turn(self, request: Mapping[str, Any]) -> list[Block]:
        """Choose the next turn: the first of its calls that the conversation holds no result of."""
        tools = tool_names(request)
        if not tools:
            return [text_block("The oracle plays the task's solution.")]
        if "Bash" not in tools:
            return [text_block("The oracle needs the Bash tool to play the task's solution, and it is not offered.")]
        results = tool_outcomes(request)
        if missing := self._unwritten(results, can_write="Write" in tools):
            return missing
        last: str | None = None
        for run in self._runs:
            if run not in results:
                if last is None or _has_closed(request, last):
                    return [text_block("The solution is in place; running it."), self._run(run)]
                break
            last = run
        assert last is not None
        return [text_block(_closing(results[last], closed=_has_closed(request, last)))]

    def _unwritten(self, results: Mapping[str, ToolOutcome], *, can_write: bool) -> list[Block]:
        """Return the calls that write what is not there yet."""
        calls = (self._writing(index, results, can_write=can_write) for index in range(len(self._files)))
        return [call for call in calls if call is not None]

    def _writing(self, index: int, results: Mapping[str, ToolOutcome], *, can_write: bool) -> Block | None:
        """Return the call that writes one file, if one is due; after a Write that failed, Bash tries once."""
        name, content = self._files[index]
        path, text = f"{self._folder}/{name}", _plain_text(content)
        write_id, put_id = f"toolu_oracle_write_{index}", f"toolu_oracle_put_{index}"
        written = results.get(write_id)
        if put_id in results or (written is not None and not written.is_error):
            return None
        if written is None and can_write and text is not None:
            return tool_use_block(write_id, "Write", {"file_path": path, "content": text})
        return _put(put_id, path, content)

    def _run(self, call_id: str) -> Block:
        command = f"bash {shlex.quote(f'{self._folder}/{_SCRIPT}')}"
        what = "Run the task's solution"
        return tool_use_block(call_id, "Bash", {"command": command, "description": what, "timeout": _SCRIPT_TIMEOUT_MS})


def _put(call_id: str, path: str, content: bytes) -> Block:
    """Write a file by a shell command, byte for byte."""
    encoded = base64.b64encode(content).decode()
    folder = shlex.quote(str(PurePosixPath(path).parent))
    command = f"mkdir -p {folder} && printf %s {encoded} | base64 -d > {shlex.quote(path)}"
    return tool_use_block(call_id, "Bash", {"command": command, "description": "Write a file of the solution"})


def _closing(outcome: ToolOutcome, *, closed: bool) -> str:
    if closed:
        return "The solution has been played already; all is done."
    verdict = "The solution's script failed." if outcome.is_error else "The solution has been played."
    return f"{verdict} The end of its output:\n{outcome.text[-_TAIL_CHARS:]}"


def _has_closed(request: Mapping[str, Any], run: str) -> bool:
    """Tell whether the model has spoken since a run's result came."""
    messages: list[dict[str, Any]] = request["messages"]
    came = next(index for index, message in enumerate(messages) if run in tool_outcomes({"messages": [message]}))
    return num_assistant_messages({"messages": messages[came:]}) > 0


def _plain_text(content: bytes) -> str | None:
    """Return the text that the Write tool keeps as it is; None for content that needs another way."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\r" in text or "\0" in text or text.startswith("\ufeff") else text


def _check_file(name: str, content: bytes) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ConfigError(f"model oracle: solution file {name!r} must be a name inside the solution folder", file=name)
    if _plain_text(content) is None and len(base64.b64encode(content)) > _ENCODED_CAP_BYTES:
        limit = _ENCODED_CAP_BYTES * 3 // 4
        raise ConfigError(f"model oracle: binary solution file {name!r} is larger than {limit} bytes", file=name)
