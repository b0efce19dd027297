"""Episodes that nobody brought to an end: their rows all the same."""

from __future__ import annotations

import logging
from pathlib import Path

from claudebox_rl.errors import ClaudeBoxError, TrajectoryError
from claudebox_rl.playing.tally import Tally
from claudebox_rl.types import Episode, EpisodeRequest

log = logging.getLogger(__name__)


def store_unplayed(request: EpisodeRequest, error: ClaudeBoxError, dataset: str | Path) -> Episode:
    """Store an episode that has no journal as an `infra_error`; a dataset that can't be written to is logged.

    Args:
        request: What was asked for.
        error: Why it was not played.
        dataset: The dataset's folder or URI.
    """
    tally = Tally(request)
    try:
        tally.open(dataset)
    except TrajectoryError as second:
        log.error("episode %s can't be stored: %s", request.episode_id, second)
    return tally.fail(error)
