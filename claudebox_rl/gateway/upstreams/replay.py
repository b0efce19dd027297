"""The model that says again what was recorded: the calls of one episode of a dataset, agent by agent, in order.

Each request is compared with the recorded one. Where they differ in more than what differs between any two runs (the
list is in `_volatile.py`), the first difference is reported, and `on_divergence` says what follows: `stop` refuses
this and every later call with the report, so that the episode ends as an `infra_error` that says where; `go_on` logs
the report and plays on. A request beyond the recorded ones is refused either way.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from claudebox_rl.errors import ConfigError
from claudebox_rl.gateway.api_errors import error_reply
from claudebox_rl.gateway.capture.caller import Caller
from claudebox_rl.gateway.options import read_options
from claudebox_rl.gateway.upstream import Reply, TaskFiles, Upstream
from claudebox_rl.gateway.upstreams._divergence import Difference
from claudebox_rl.gateway.upstreams._recorded import recorded_reply
from claudebox_rl.gateway.upstreams._tapes import Entry, Tape, Tapes
from claudebox_rl.gateway.upstreams._volatile import Comparison
from claudebox_rl.types import ModelCall

_log = logging.getLogger(__name__)
_STOP, _GO_ON = "stop", "go_on"


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """Settings of `replay`."""

    dataset: str
    """The dataset's folder."""
    episode: str | None = None
    """Id of the stored episode, or the beginning of it; None: the only one of the task being played."""
    on_divergence: str = _STOP
    """`stop` or `go_on`."""
    ignore: Any = ()
    """Regular expressions; what they match, in any text of a request, counts as equal."""
    model: str | None = None
    """Id that the agent asks for; None: the recorded one."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """A request that is not the recorded one."""

    call_index: int | None
    """The recorded call's place in its episode, from 0; None where nothing more was recorded."""
    agent_path: str
    """As recorded: `main`, or the id of the sub-agent."""
    difference: Difference | None
    """None where nothing more was recorded."""

    def __str__(self) -> str:
        if self.difference is None:
            return f"the replay diverges: agent {self.agent_path} asks for more calls than were recorded of it"
        return (
            f"the replay diverges at call {self.call_index} (agent {self.agent_path}), {self.difference.json_path}: "
            f"recorded {self.difference.expected}, asked {self.difference.actual}"
        )


class ReplayUpstream(Upstream):
    """Plays one recorded episode.

    Args:
        calls: The recorded calls; at least one.
        options: Settings; `dataset` and `episode` were looked up already.

    Attributes:
        divergences: What differed so far, in the order in which it was found.

    Raises:
        ConfigError: An option's value is none of those it can have.
    """

    def __init__(self, calls: Sequence[ModelCall], options: ReplayOptions) -> None:
        if options.on_divergence not in (_STOP, _GO_ON):
            raise ConfigError(f"model replay: on_divergence must be {_STOP} or {_GO_ON}, not {options.on_divergence!r}")
        self.model = str(options.model or calls[0].request.get("model", ""))
        self.divergences: list[Divergence] = []
        self._stops = options.on_divergence == _STOP
        self._comparison = Comparison(_patterns(options.ignore))
        self._tapes = Tapes(calls, self._comparison)

    @classmethod
    def make(cls, options: Mapping[str, Any], task: TaskFiles) -> Self:
        """See `Upstream.make`.

        Raises:
            ConfigError: The episode holds no model calls.
            TrajectoryError: There is no such dataset, no such episode, or not one alone.
        """
        read = read_options(ReplayOptions, "replay", options)
        calls = task.recorded_calls(read.dataset, read.episode)
        if not calls:
            raise ConfigError(f"model replay: no model calls were recorded of that episode in {read.dataset}")
        return cls(calls, read)

    async def reply(self, request: dict[str, Any], headers: Mapping[str, str], query: str = "") -> Reply:
        """See `Upstream.reply`."""
        if self._stops and self.divergences:
            return error_reply(400, str(self.divergences[0]))
        asked = self._comparison.lasting(request)
        tape = self._tapes.of(Caller.of(headers).agent, asked)
        entry, difference = tape.play(asked)
        if entry is None or difference is not None:
            self._report(tape, entry, difference)
        if entry is None or (self._stops and self.divergences):
            return error_reply(400, str(self.divergences[-1]))
        return recorded_reply(request, entry.call)

    def follow(self, parent: Upstream) -> None:
        """See `Upstream.follow`."""
        assert isinstance(parent, ReplayUpstream)
        self.divergences, self._tapes = list(parent.divergences), copy.deepcopy(parent._tapes)

    async def aclose(self) -> None:
        """See `Upstream.aclose`; says which recorded calls were not asked for."""
        indices = sorted(entry.index for entry in self._tapes.unplayed())
        if indices and not (self._stops and self.divergences):
            _log.warning("the replay ended early: recorded calls %s were not asked for", indices)

    def _report(self, tape: Tape, entry: Entry | None, difference: Difference | None) -> None:
        divergence = Divergence(entry and entry.index, tape.agent_path, difference)
        self.divergences.append(divergence)
        _log.warning("%s", divergence)


def _patterns(ignore: Any) -> list[re.Pattern[str]]:
    given = cast("list[Any]", ignore) if isinstance(ignore, list | tuple) else [None]
    if not all(isinstance(pattern, str) for pattern in given):
        raise ConfigError(f"model replay: option ignore must be a list of regular expressions, not {ignore!r}")
    try:
        return [re.compile(pattern) for pattern in cast("list[str]", given)]
    except re.error as error:
        raise ConfigError(f"model replay: option ignore: {error.pattern!r}: {error}") from error
