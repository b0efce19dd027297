"""Python by ruff (lint, syntax) and mypy (types)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.rewards._analysis.run import run
from claudebox_rl.rewards._analysis.source import Source

# Rules about what is wrong, doubtful or needlessly hard to read; none about taste in layout, which formatters settle.
RULES = (
    "A", "B", "C4", "E4", "E7", "E9", "F", "N8", "PERF", "PIE", "PLC", "PLE", "PLW", "RET", "SIM",
    "S102", "S103", "S105", "S106", "S107", "S301", "S307", "S501", "S506", "S602", "S605", "S608",
)  # fmt: skip
NOT_RULES = ("E402", "PLC0415", "PLW2901", "RET505", "RET506", "RET507", "RET508", "SIM105", "SIM108", "SIM117")
_TARGET = "3.13"
_RUFF_TIMEOUT_S = 30.0
_MYPY_TIMEOUT_S = 90.0
_LINT = re.compile(r"(?P<name>\w+\.pyi?):(?P<line>\d+):\d+: (?P<code>invalid-syntax|[A-Z]+\d+)\b")
_TYPE = re.compile(r"(?P<name>\w+\.pyi?):(?P<line>\d+): error: .*\[(?P<code>[\w-]+)\]$")
# What mypy can't know of one file alone, or says of a missing package.
_NOT_OURS = frozenset({"import-not-found", "import-untyped", "import", "syntax"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an analyser holds against a line."""

    name: str
    """Of the copy."""
    code: str
    line: int

    @property
    def is_error(self) -> bool:
        """Whether the program would fail there, by what pyflakes and pylint call errors."""
        return self.code == "invalid-syntax" or self.code.startswith(("E9", "F5", "F6", "F7", "F82", "PLE"))


def lint(folder: Path, sources: Sequence[Source]) -> list[Finding]:
    """Return what ruff finds, syntax errors among it.

    Neither a configuration file nor a `noqa` in the text has a say.

    Raises:
        NoEvidenceError: ruff gave no answer.
    """
    argv = [
        sys.executable, "-P", "-m", "ruff", "check", "--isolated", "--no-cache", "--ignore-noqa", "--quiet",
        "--no-respect-gitignore", "--output-format", "concise", "--target-version", f"py{_TARGET.replace('.', '')}",
        "--select", ",".join(RULES), "--ignore", ",".join(NOT_RULES), "--", *(one.name for one in sources),
    ]  # fmt: skip
    return _found(_LINT, run(argv, folder, timeout_s=_RUFF_TIMEOUT_S, ok=frozenset({0, 1})), sources)


def types(folder: Path, sources: Sequence[Source]) -> list[Finding]:
    """Return mypy's errors, each file looked at alone: what it imports is taken for anything.

    Args:
        folder: Where the copies lie.
        sources: Those that parse: one that does not would end mypy for all.

    Raises:
        NoEvidenceError: mypy gave no answer.
    """
    if not sources:
        return []
    argv = [
        sys.executable, "-P", "-m", "mypy", "--config-file=", "--no-incremental", "--cache-dir=/dev/null",
        "--follow-imports=skip", "--ignore-missing-imports", "--no-site-packages", "--check-untyped-defs",
        "--show-error-codes", "--no-error-summary", "--hide-error-context", "--no-pretty", "--no-color-output",
        "--python-version", _TARGET, "--", *(one.name for one in sources),
    ]  # fmt: skip
    found = _found(_TYPE, run(argv, folder, timeout_s=_MYPY_TIMEOUT_S, ok=frozenset({0, 1, 2})), sources)
    return [each for each in found if each.code not in _NOT_OURS]


def _found(pattern: re.Pattern[str], output: str, sources: Iterable[Source]) -> list[Finding]:
    names = {one.name for one in sources}
    matches = (pattern.match(line.removeprefix("./")) for line in output.split("\n"))
    return [Finding(m["name"], m["code"], int(m["line"])) for m in matches if m is not None and m["name"] in names]
