"""Functions and how complex they are, in many languages, by lizard."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.rewards._analysis.run import NoEvidenceError, run
from claudebox_rl.rewards._analysis.source import Source

_TIMEOUT_S = 60.0
_SCRIPT = """
import json, sys, lizard
for name in sys.argv[1:]:
    for one in lizard.analyze_file(name).function_list:
        facts = [one.cyclomatic_complexity, one.nloc, len(one.full_parameters)]
        print(json.dumps([name, one.long_name, one.name, *facts]))
"""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a source."""

    source: str
    """Name of the copy."""
    name: str
    branches: int
    """Cyclomatic complexity (McCabe 1976): one more than its decisions."""
    num_lines: int
    """Lines of code."""
    num_parameters: int


def functions(folder: Path, sources: Sequence[Source]) -> list[Function]:
    """Return the functions of all sources, in order.

    Raises:
        NoEvidenceError: lizard gave no answer.
    """
    argv = [sys.executable, "-P", "-c", _SCRIPT, *(one.name for one in sources)]
    output = run(argv, folder, timeout_s=_TIMEOUT_S, ok=frozenset({0}))
    try:
        rows = [json.loads(line) for line in output.split("\n") if line]
        return [Function(name, short, *facts) for name, _, short, *facts in rows]
    except (ValueError, TypeError) as error:
        raise NoEvidenceError(f"lizard's answer can't be read: {error}") from error
