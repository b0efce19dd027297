"""Whether texts that are not Python parse, by tree-sitter's grammars."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from claudebox_rl.rewards._analysis.run import NoEvidenceError, run
from claudebox_rl.rewards._analysis.source import Source

GRAMMARS = {
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "cjs": ("tree_sitter_javascript", "language"),
    "js": ("tree_sitter_javascript", "language"),
    "jsx": ("tree_sitter_javascript", "language"),
    "mjs": ("tree_sitter_javascript", "language"),
    "rs": ("tree_sitter_rust", "language"),
    "ts": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
}
"""Extension -> package and the grammar in it. Not C, whose macros no grammar knows."""
PACKAGES = ("tree_sitter", *sorted({package for package, _ in GRAMMARS.values()}))

_TIMEOUT_S = 30.0
_SCRIPT = """
import importlib, json, sys, tree_sitter
grammars, broken = json.loads(sys.argv[1]), []
for name in sys.argv[2:]:
    package, grammar = grammars[name.rpartition('.')[2]]
    language = tree_sitter.Language(getattr(importlib.import_module(package), grammar)())
    if tree_sitter.Parser(language).parse(open(name, 'rb').read()).root_node.has_error:
        broken.append(name)
print(json.dumps(broken))
"""


def broken(folder: Path, sources: Sequence[Source]) -> frozenset[str]:
    """Return the names of the sources that do not parse; those without a grammar are taken to.

    Raises:
        NoEvidenceError: tree-sitter gave no answer.
    """
    names = [one.name for one in sources if one.name.rpartition(".")[2] in GRAMMARS]
    if not names:
        return frozenset()
    argv = [sys.executable, "-P", "-c", _SCRIPT, json.dumps(GRAMMARS), *names]
    output = run(argv, folder, timeout_s=_TIMEOUT_S, ok=frozenset({0}))
    try:
        return frozenset(map(str, json.loads(output)))
    except ValueError as error:
        raise NoEvidenceError(f"tree-sitter's answer can't be read: {error}") from error
