"""The turns of a scripted model, read from YAML and checked before anything starts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from claudebox_rl.errors import ConfigError
from claudebox_rl.types import Usage

_ANSWER = ("text", "tools", "usage")
_FAULTS = ("status", "garbage", "hang", "drop")


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer of the script, or one fault."""

    text: str | None = None
    tools: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Name and input of each tool call."""
    usage: Usage = field(default_factory=Usage)
    status: int | None = None
    error: str = "scripted error"
    garbage: bool = False
    hang: bool = False
    drop: bool = False
    delay_s: float = 0.0
    repeat: bool = False

    @property
    def is_fault(self) -> bool:
        """Whether this turn leaves the conversation where it was."""
        return self.status is not None or self.garbage or self.hang or self.drop


def read_script(script: object) -> list[Turn]:
    """Read a script: the path of a YAML file, or the list that such a file holds.

    Raises:
        ConfigError: It can't be read, or a turn is malformed; names the file, the turn's index from 0 and the field.
    """
    if isinstance(script, str | Path):
        return _turns(str(script), _load(Path(script)))
    return _turns("script", script)


def _load(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"can't read the script {path}: {error}", file=str(path)) from error


def _turns(source: str, script: object) -> list[Turn]:
    if not isinstance(script, list) or not script:
        raise ConfigError(f"{source}: a script is a list of one or more turns", file=source)
    given = cast("list[Any]", script)
    return [_turn(source, index, each, is_last=index == len(given) - 1) for index, each in enumerate(given)]


def _turn(source: str, index: int, given: Any, *, is_last: bool) -> Turn:
    name = "turn"
    values: dict[str, Any] = {}
    try:
        fields = _mapping(given)
        for name, value in fields.items():
            values[name] = _reader(name)(value)
        name = "turn"
        _check_kind(values)
        turn = Turn(**values)
        if turn.repeat and not is_last:
            raise ValueError("has repeat: true, which is for the last turn only")
    except ValueError as error:
        message = f"{source}: turn {index}: {name} {error}"
        raise ConfigError(message, file=source, turn=index, field=name) from error
    return turn


def _check_kind(values: Mapping[str, Any]) -> None:
    """Refuse turns that are no answer and no fault, or both, or several faults."""
    faults = [name for name in _FAULTS if values.get(name)]
    answers = [name for name in _ANSWER if name in values]
    if len(faults) > 1 or (faults and answers):
        raise ValueError(f"can't have {faults[0]} beside {(faults[1:] + answers)[0]}")
    if not faults and not {"text", "tools"} & values.keys():
        raise ValueError(f"needs text, tools, or one of {', '.join(_FAULTS)}")
    if "error" in values and "status" not in values:
        raise ValueError("has an error and no status")


def _reader(name: str) -> Callable[[Any], Any]:
    if name not in _READERS:
        raise ValueError(f"is unknown; known: {', '.join(_READERS)}")
    return _READERS[name]


def _mapping(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"must be a mapping, not {given!r}")
    return cast("dict[str, Any]", given)


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise ValueError(f"must be a text, not {given!r}")
    return given


def _tools(given: Any) -> tuple[tuple[str, dict[str, Any]], ...]:
    if not isinstance(given, list):
        raise ValueError("must be a list of {name, input}")
    return tuple(_tool(each) for each in cast("list[Any]", given))


def _tool(given: Any) -> tuple[str, dict[str, Any]]:
    fields = _mapping(given)
    if fields.keys() != {"name", "input"} or not isinstance(fields["name"], str):
        raise ValueError(f"must have entries of {{name: a text, input: a mapping}}, not {given!r}")
    try:
        json.dumps(fields["input"], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"must have inputs that JSON can hold: {error}") from error
    return fields["name"], _mapping(fields["input"])


def _usage(given: Any) -> Usage:
    counts = _mapping(given)
    if not counts.keys() <= {"input_tokens", "output_tokens"}:
        raise ValueError("must hold input_tokens and output_tokens and nothing else")
    for count in counts.values():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ValueError(f"must hold counts, not {count!r}")
    return Usage(**counts)


def _status(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 400 <= given <= 599:
        raise ValueError(f"must be an HTTP error status, 400 to 599, not {given!r}")
    return given


def _seconds(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < float("inf"):
        raise ValueError(f"must be a number of seconds, 0 or more, not {given!r}")
    return float(given)


def _flag(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError(f"must be true or false, not {given!r}")
    return given


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "tools": _tools,
    "usage": _usage,
    "status": _status,
    "error": _text,
    "garbage": _flag,
    "hang": _flag,
    "drop": _flag,
    "delay_s": _seconds,
    "repeat": _flag,
}
