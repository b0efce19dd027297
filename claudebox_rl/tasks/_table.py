"""Typed reading of task.toml, where every refusal names the file and the field."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

from claudebox_rl.errors import TaskError

CONFIG = "task.toml"
_TEMPLATE = re.compile(r"\$\{([^}:]+)(?::-(.*))?\}", re.DOTALL)
_CREDENTIAL = re.compile(r"KEY|SECRET|TOKEN(?!S)|PASSWORD|CREDENTIAL|AUTH", re.IGNORECASE)


def refuse(folder: Path, file: str, problem: str, *, field: str | None = None, line: int | None = None) -> NoReturn:
    """Raise the `TaskError` for one file of a task folder, and one field of it."""
    where = f"{folder / file}: {field}" if field else str(folder / file)
    raise TaskError(f"{where}: {problem}", file=file, field=field, line=line, path=str(folder))


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a task.toml. Getters return None for a missing key and refuse a wrong type."""

    folder: Path
    name: str
    """Dotted; empty for the whole file."""
    values: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Table:
        """Parse the task.toml of a folder.

        Raises:
            TaskError: It is missing, no UTF-8, or no TOML (with the line).
        """
        try:
            return cls(folder, "", tomllib.loads((folder / CONFIG).read_text("utf-8")))
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"line (\d+)", str(error))
            refuse(folder, CONFIG, f"not valid TOML: {error}", line=int(at[1]) if at else None)
        except UnicodeDecodeError as error:
            refuse(folder, CONFIG, f"not UTF-8: {error}")
        except OSError as error:
            refuse(folder, CONFIG, f"can't be read: {error.strerror}")

    def refuse(self, key: str, problem: str) -> NoReturn:
        """Raise the `TaskError` for one key of this table."""
        refuse(self.folder, CONFIG, problem, field=f"{self.name}.{key}" if self.name else key)

    def _get(self, key: str, kinds: tuple[type, ...], wanted: str) -> Any:
        value = self.values.get(key)
        # TOML's booleans are Python integers; only a getter that asks for them takes them.
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            self.refuse(key, f"must be {wanted}, not {value!r}")
        return value

    def table(self, key: str) -> Table:
        """Return a table inside this one; a missing one is empty."""
        values = cast("dict[str, Any] | None", self._get(key, (dict,), "a table"))
        return Table(self.folder, f"{self.name}.{key}" if self.name else key, values or {})

    def text(self, key: str) -> str | None:
        """Return a string."""
        return self._get(key, (str,), "a string")

    def flag(self, key: str) -> bool | None:
        """Return a boolean."""
        return self._get(key, (bool,), "true or false")

    def number(self, key: str) -> float:
        """Return a number that is there."""
        value = self._get(key, (int, float), "a number")
        if value is None or not math.isfinite(value):
            self.refuse(key, f"must be a finite number, not {value!r}")
        return float(value)

    def positive(self, key: str) -> float | None:
        """Return a finite number above 0."""
        value = self._get(key, (int, float), "a number")
        if value is not None and not (math.isfinite(value) and value > 0):
            self.refuse(key, f"must be above 0 and finite, not {value!r}")
        return None if value is None else float(value)

    def positive_integer(self, key: str) -> int | None:
        """Return a whole number above 0."""
        value = self._get(key, (int,), "a whole number")
        if value is not None and value <= 0:
            self.refuse(key, f"must be above 0, not {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return a list of strings."""
        items = cast("list[Any] | None", self._get(key, (list,), "a list of strings"))
        if items is not None and not all(isinstance(item, str) for item in items):
            self.refuse(key, f"must be a list of strings, not {items!r}")
        return None if items is None else tuple(items)

    def environment(self, key: str) -> dict[str, str]:
        """Return a table of environment variables, with `${VAR}` and `${VAR:-default}` taken from the host.

        As in Harbor, a template is the whole value; any other value stands as it is.
        """
        table = self.table(key)
        return {name: table._variable(name) for name in table.values}

    def _variable(self, name: str) -> str:
        value = cast("str", self._get(name, (str,), "a string"))
        if not name or "=" in name or "\0" in name + value:
            self.refuse(name, "can't be an environment variable")
        template = _TEMPLATE.fullmatch(value)
        if not template:
            return value
        source: str = template[1]
        default: str | None = template[2]
        if _CREDENTIAL.search(source):
            self.refuse(
                name,
                f"asks for the host's {source}, which looks like a key; keys never enter a "
                "sandbox: remove it where the task can do without",
            )
        found = os.environ.get(source, default)
        if found is None:
            self.refuse(
                name, f"needs the host's environment variable {source}; set it, or write ${{{source}:-default}}"
            )
        return found
