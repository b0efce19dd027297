"""What the episodes of a group earned, beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, pstdev

from claudebox_rl.types import Episode

EPS = 1e-9
"""Added to the deviation."""
_ROUNDING = 1e-9
"""Returns that differ by no more than this part of them are the same, or rounding would be taken for a difference."""


@dataclass(frozen=True, slots=True)
class Group:
    """The returns of one group. Those of invalid episodes (`infra_error`, `cancelled`) say nothing and are left out."""

    group_id: str
    task_id: str
    returns: Mapping[str, float]
    """Of the valid episodes, by id; where one branched off, with the rewards of its parent until there."""
    num_invalid: int

    @property
    def num_valid(self) -> int:
        """Episodes that count."""
        return len(self.returns)

    @property
    def mean(self) -> float | None:
        """Of the returns; None without any."""
        return fmean(self.returns.values()) if self.returns else None

    @property
    def std(self) -> float | None:
        """Standard deviation of the returns, with the group as the whole population; None without any."""
        return pstdev(self.returns.values()) if self.returns else None

    @property
    def best(self) -> float | None:
        """The highest return; None without any."""
        return max(self.returns.values(), default=None)

    @property
    def worst(self) -> float | None:
        """The lowest return; None without any."""
        return min(self.returns.values(), default=None)

    @property
    def advantages(self) -> dict[str, float]:
        """Of each valid episode, by id; see `normalized`."""
        return normalized(self.returns)


def normalized(returns: Mapping[str, float], *, eps: float = EPS, by_std: bool = True) -> dict[str, float]:
    """Return `(return - mean) / (std + eps)` of each episode of a group; 0 where all returns are the same.

    GRPO's advantages, of outcome supervision (DeepSeekMath, section 4.1.2, https://arxiv.org/abs/2402.03300).

    Args:
        returns: Of the valid episodes, by id.
        eps: Added to the standard deviation, which is that of the group as the whole population.
        by_std: False: `return - mean` alone, since the deviation is small, and so the advantage large, where nearly all
            or nearly none solved the task (Dr. GRPO, https://arxiv.org/abs/2503.20783).
    """
    lowest, highest = min(returns.values(), default=0.0), max(returns.values(), default=0.0)
    if highest - lowest <= _ROUNDING * max(abs(lowest), abs(highest)):
        return dict.fromkeys(returns, 0.0)
    mean = fmean(returns.values())
    scale = pstdev(returns.values(), mean) + eps if by_std else 1.0
    return {episode_id: (earned - mean) / scale if scale else 0.0 for episode_id, earned in returns.items()}


def groups_of(episodes: Iterable[Episode], rewards_before: Mapping[str, float]) -> tuple[Group, ...]:
    """Return the groups of episodes, in the order in which they first appear; what was played alone is in none.

    Args:
        episodes: Of any groups, all attempts.
        rewards_before: What was earned before an episode's first step, by its id; 0 where nothing is said.
    """
    members: dict[str, list[Episode]] = {}
    for episode in episodes:
        if episode.group_id is not None:
            members.setdefault(episode.group_id, []).append(episode)
    return tuple(_group(group_id, group, rewards_before) for group_id, group in members.items())


def _group(group_id: str, episodes: list[Episode], rewards_before: Mapping[str, float]) -> Group:
    returns = {
        episode.episode_id: rewards_before.get(episode.episode_id, 0.0) + episode.episode_return
        for episode in episodes
        if episode.valid_for_training and episode.episode_return is not None
    }
    return Group(group_id, episodes[0].task_id, returns, len(episodes) - len(returns))
