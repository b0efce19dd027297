"""Settings of an upstream, checked against the dataclass that names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from claudebox_rl.errors import ConfigError

Options = TypeVar("Options")


def read_options(kind: type[Options], upstream: str, given: Mapping[str, Any]) -> Options:
    """Make `kind` from what a user gave; None stands for the default.

    Args:
        kind: A dataclass of `str`, `float` (above 0), `int` (0 or more), `bool`, each perhaps `| None`, of a
            `Literal`, or `Any`.
        upstream: Its name, for messages.
        given: Values by field name.

    Raises:
        ConfigError: An unknown option, a missing one, or one of the wrong type or empty.
    """
    known: dict[str, Field[Any]] = {field.name: field for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    hints = get_type_hints(kind)
    values = {name: value for name, value in given.items() if value is not None}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"model {upstream}: unknown option {name!r}; known: {', '.join(known)}", option=name)
        _check(f"model {upstream}: option {name}", value, hints[name])
    for name, field in known.items():
        if name not in values and field.default is MISSING:
            raise ConfigError(f"model {upstream}: option {name} is missing", option=name)
    return kind(**values)


def _check(where: str, value: Any, hint: Any) -> None:
    kinds = get_args(hint) or (hint,)
    if get_origin(hint) is Literal:
        if value not in kinds:
            raise ConfigError(f"{where} must be one of {', '.join(kinds)}, not {value!r}")
        return
    if str in kinds and not (isinstance(value, str) and value.strip()):
        raise ConfigError(f"{where} must be a text that is not empty, not {value!r}")
    if float in kinds and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
        raise ConfigError(f"{where} must be a number above 0, not {value!r}")
    if int in kinds and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ConfigError(f"{where} must be a whole number, 0 or more, not {value!r}")
    if bool in kinds and not isinstance(value, bool):
        raise ConfigError(f"{where} must be true or false, not {value!r}")
