"""Files judged by what analysers newly find in them: each file's score, and the reasons."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from claudebox_rl.rewards._analysis import python, syntax
from claudebox_rl.rewards._analysis.complexity import Function, functions
from claudebox_rl.rewards._analysis.run import NoEvidenceError
from claudebox_rl.rewards._analysis.source import Source, code_lines, source
from claudebox_rl.types import Changes

MAX_FILES = 300
MAX_CHARS = 4 << 20
WEIGHTS = {"lint": 0.5, "complexity": 0.3, "types": 0.2}


@dataclass(frozen=True, slots=True)
class FileQuality:
    """What the analysers say of one changed file."""

    path: str
    score: float
    """0 to 1."""
    parts: dict[str, float]
    """`lint`, `complexity`, `types`, each 0 to 1, where an analyser for it exists."""
    findings: tuple[str, ...]
    """What is new against it: `F401 line 3`, `load: 14 branches, 60 lines`."""


@dataclass(frozen=True, slots=True)
class _Pair:
    path: str
    before: Source | None
    after: Source
    num_new_lines: int


def assess(changes: Changes, *, types: bool = True) -> tuple[FileQuality, ...]:
    """Judge the changed files of languages that an analyser knows, by path.

    Left out are files whose code is the same, and those in which nothing can be measured (not Python, no function).
    The analysers read copies under other names, in a folder that holds nothing else.

    Raises:
        NoEvidenceError: An analyser gave no answer, or there is more than they are given to read.
    """
    pairs = list(_pairs(changes))
    if not pairs:
        return ()
    sources = [one for pair in pairs for one in (pair.before, pair.after) if one is not None]
    if len(pairs) > MAX_FILES or sum(len(one.text) for one in sources) > MAX_CHARS:
        raise NoEvidenceError(f"more than {MAX_FILES} files or {MAX_CHARS} characters changed")
    with tempfile.TemporaryDirectory(prefix="claudebox-quality-") as name:
        folder = Path(name)
        for one in sources:
            (folder / one.name).write_text(one.text, encoding="utf-8", errors="replace", newline="\n")
        texts = [one for one in sources if one.language == "python"]
        lint = python.lint(folder, texts) if texts else []
        broken = syntax.broken(folder, sources) | {each.name for each in lint if each.code == "invalid-syntax"}
        typed = python.types(folder, [one for one in texts if one.name not in broken]) if types else None
        found = functions(folder, sources)
    judged = (_judge(pair, lint, typed, found, _is_broken(pair, broken)) for pair in pairs)
    return tuple(file for file in judged if file is not None)


def _pairs(changes: Changes) -> Iterable[_Pair]:
    for number, change in enumerate(changes.files):
        after = None if change.after is None else source(change.path, change.after, f"after_{number:04}")
        if after is None:
            continue
        before = None if change.before is None else source(change.path, change.before, f"before_{number:04}")
        new, old = code_lines(after), Counter[str]() if before is None else code_lines(before)
        if new != old:
            yield _Pair(change.path, before, after, (new - old).total())


def _judge(
    pair: _Pair,
    lint: Sequence[python.Finding],
    types: Sequence[python.Finding] | None,
    found: Sequence[Function],
    is_broken: bool,
) -> FileQuality | None:
    parts: dict[str, float] = {}
    reasons: list[str] = []
    room = max(10, pair.num_new_lines)
    if pair.after.language == "python":
        new = _new(pair, lint)
        reasons += [f"{each.code} line {each.line}" for each in new]
        parts["lint"] = max(0.0, 1 - sum(10 if each.is_error else 2 for each in new) / room)
        if types is not None and not is_broken:
            new = _new(pair, types)
            reasons += [f"type error ({each.code}) line {each.line}" for each in new]
            parts["types"] = max(0.0, 1 - 5 * len(new) / room)
    worse = _worse(pair, found)
    if worse is not None and not is_broken:
        reasons += [f"{one.name}: {one.branches} branches, {one.num_lines} lines" for one in worse if _ease(one) < 1]
        parts["complexity"] = min(map(_ease, worse), default=1.0)
    if is_broken:
        return FileQuality(pair.path, 0.0, parts, (*reasons, "does not parse"))
    if not parts:
        return None
    weight = sum(WEIGHTS[name] for name in parts)
    score = sum(WEIGHTS[name] * value for name, value in parts.items()) / weight
    return FileQuality(pair.path, min(1.0, score), parts, tuple(reasons))


def _is_broken(pair: _Pair, broken: Set[str]) -> bool:
    """Whether the prompt left a file that does not parse; what is no Python and never did is beyond its grammar."""
    if pair.after.name not in broken:
        return False
    return pair.after.language == "python" or pair.before is None or pair.before.name not in broken


def _new(pair: _Pair, findings: Sequence[python.Finding]) -> list[python.Finding]:
    """Return the findings that the file did not have before, told by rule and text of the line."""
    old = Counter(
        (each.code, pair.before.line(each.line)) for each in findings if pair.before and each.name == pair.before.name
    )
    new: list[python.Finding] = []
    for each in findings:
        if each.name != pair.after.name:
            continue
        key = (each.code, pair.after.line(each.line))
        if old[key] > 0:
            old[key] -= 1
        else:
            new.append(each)
    return new


def _worse(pair: _Pair, found: Sequence[Function]) -> list[Function] | None:
    """Return the functions that are new or harder than before; None where the file has no function."""
    ours = [one for one in found if one.source == pair.after.name]
    if not ours:
        return None
    old: dict[str, float] = {}
    for one in found:
        if pair.before is not None and one.source == pair.before.name:
            old[one.name] = min(old.get(one.name, 1.0), _ease(one))
    return [one for one in ours if _ease(one) < old.get(one.name, 2.0)]


def _ease(one: Function) -> float:
    """Return how easy a function is: 1 up to 4 branches, 30 lines and 5 parameters; 0 from 25, 150 or 15 on."""
    ramps = ((one.branches, 4, 25), (one.num_lines, 30, 150), (one.num_parameters, 5, 15))
    return min(1 - min(1.0, max(0.0, (value - low) / (high - low))) for value, low, high in ramps)
