"""The quality of what a prompt wrote, by analysers."""

from __future__ import annotations

import logging

from claudebox_rl.rewards._analysis import syntax
from claudebox_rl.rewards._analysis.run import NoEvidenceError, require
from claudebox_rl.rewards.function import RewardFunction
from claudebox_rl.rewards.quality import FileQuality, assess
from claudebox_rl.types import CodeResult

log = logging.getLogger(__name__)


class CodeQualityReward(RewardFunction):
    """How good the code is that the prompt wrote: not whether it is what was asked, which is the verifier's to say.

    Range: 0 to 1. Formula: the lowest score of the files whose code the prompt changed, so that clean files beside a
    bad one buy nothing. A file that does not parse (Python, JavaScript, TypeScript, Go, Java, Rust) scores 0; any other
    the weighted mean of its parts:

    - `lint` (0.5; Python): `1 - (10 * errors + 2 * warnings) / max(10, new lines of code)`, at least 0, as in pylint's
      score. Only findings that the file did not have before count.
    - `complexity` (0.3; Python, C, C++, Java, JavaScript, TypeScript, Go, Rust and more): that of the hardest function
      which is new or became harder: 1 up to 4 branches, 30 lines and 5 parameters, falling to 0 at 25, 150 or 15.
    - `types` (0.2; Python): `1 - 5 * errors / max(10, new lines of code)`, at least 0, new errors only.

    The weights of the parts that a file has are scaled to sum to 1. Source: `result.changes`, read by ruff (rules in
    `_analysis/python.py`), lizard (cyclomatic complexity, McCabe 1976), mypy and tree-sitter, in processes of their own
    over copies: nothing of the agent's is imported or run, and neither its configuration files nor its `noqa`, `type:
    ignore` and the like have a say.

    None where no code changed (comments, other files, removed files), and where the changes or an analyser's answer are
    not known. A run takes about 0.1 s, and 0.5 to 1 s more with `types`.

    Args:
        types: Have types checked.

    Raises:
        ConfigError: The analysers are not installed (extra `quality`).
    """

    name = "code_quality"
    needs_changes = True

    def __init__(self, *, types: bool = True) -> None:
        require("ruff", "lizard", *syntax.PACKAGES, *(["mypy"] if types else []))
        self.types = types

    def measure(self, result: CodeResult) -> float | None:
        """Return the lowest score of a changed file."""
        return min((file.score for file in self.report(result)), default=None)

    def report(self, result: CodeResult) -> tuple[FileQuality, ...]:
        """Return the changed files with score, parts and findings; empty where there is no evidence."""
        if result.changes is None:
            return ()
        try:
            return assess(result.changes, types=self.types)
        except NoEvidenceError as error:
            log.warning("the quality of this prompt's code is not known: %s", error)
            return ()
