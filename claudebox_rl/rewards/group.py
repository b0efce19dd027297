"""Returns beside those of the same group, as learners without a value function take them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from claudebox_rl.errors import ConfigError
from claudebox_rl.trajectory.groups import EPS, Group, normalized


class NormalizeGroupReward:
    """What an episode earned beside the others of its group: `(return - mean) / (std + eps)`, GRPO's advantage.

    Range: at most `sqrt(n - 1)` either way with `n` valid episodes; they sum to 0. Source: the returns of the episodes
    of one group; those that are invalid (`infra_error`, `cancelled`) have none and say nothing of the others. Formula
    and papers: `claudebox_rl.trajectory.groups.normalized`.

    It is no wrapper: it is known when the whole group has ended, so of played groups or of a stored dataset.

    ```python
    for group in load_dataset("rollouts/exp1").groups():
        advantages = NormalizeGroupReward()(group)  # by episode id
    ```

    Args:
        eps: Added to the standard deviation, at least 0.
        by_std: Divide by the deviation; False: `return - mean` alone (Dr. GRPO).

    Raises:
        ConfigError: `eps` is negative or not finite.
    """

    def __init__(self, *, eps: float = EPS, by_std: bool = True) -> None:
        if not math.isfinite(eps) or eps < 0:
            raise ConfigError(f"NormalizeGroupReward: eps must be at least 0, not {eps}")
        self.eps, self.by_std = eps, by_std

    def __call__(self, group: Group | Mapping[str, float | None]) -> dict[str, float]:
        """Return the advantage of each valid episode, by id.

        Args:
            group: One of `Dataset.groups()`, or returns by episode id; None or NaN is an episode without a number.
        """
        returns = group.returns if isinstance(group, Group) else group
        known = {name: earned for name, earned in returns.items() if earned is not None and not math.isnan(earned)}
        return normalized(known, eps=self.eps, by_std=self.by_std)

    def rows(self, returns: Sequence[float | None]) -> list[float | None]:
        """Return the advantages of a group in its order; None where there is no return.

        Args:
            returns: One a row, as in a batch or a column `episode_return`.
        """
        advantages = self({str(index): earned for index, earned in enumerate(returns)})
        return [advantages.get(str(index)) for index in range(len(returns))]
