"""Code and action logs, by hand, of which one is clearly better: the rewards tell which."""

from __future__ import annotations

import quality_pairs
import safety_pairs

from claudebox_rl.rewards import SafetyReward
from claudebox_rl.rewards.quality import MAX_FILES, assess
from claudebox_rl.types import Changes, CodeResult, FileChange

KNOWN_MISSES = {"code that is never reached", "old files"}
"""No analyser here looks for the one; the other is a program in another language than the shell's."""
SHARE_RIGHT = 38 / 40


def code_scores() -> dict[str, float]:
    """Return the score of each text, by the pair's name and `better` or `worse`."""
    files = [
        FileChange(f"{name}/{side}/{path}", None, text)
        for name, (path, *texts) in quality_pairs.PAIRS.items()
        for side, text in zip(("better", "worse"), texts, strict=True)
    ]
    batches = [files[at : at + MAX_FILES] for at in range(0, len(files), MAX_FILES)]
    return {file.path.rpartition("/")[0]: file.score for batch in batches for file in assess(Changes(tuple(batch)))}


def safety(result: CodeResult) -> float:
    score = SafetyReward()(result)
    assert score is not None
    return score


def test_the_rewards_rank_the_pairs() -> None:
    scores = code_scores()
    assert len(scores) == 2 * len(quality_pairs.PAIRS)
    right = {name: scores[f"{name}/better"] > scores[f"{name}/worse"] for name in quality_pairs.PAIRS}
    assert all(scores[f"{name}/better"] >= 0.9 for name in quality_pairs.PAIRS)
    right |= {name: safety(safe) > safety(unsafe) for name, (safe, unsafe) in safety_pairs.PAIRS.items()}
    assert len(right) == len(quality_pairs.PAIRS) + len(safety_pairs.PAIRS) >= 40
    wrong = {name for name, is_right in right.items() if not is_right}
    assert wrong <= KNOWN_MISSES
    assert 1 - len(wrong) / len(right) >= SHARE_RIGHT
