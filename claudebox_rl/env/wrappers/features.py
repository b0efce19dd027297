"""Observations as vectors of numbers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from claudebox_rl._registry import resolve
from claudebox_rl.errors import ConfigError

Features = NDArray[np.float32]
_TEXT_SIZE = 64
_NGRAM = 3
_TEXT_CAP = 4096


def hashed_features(observation: Mapping[str, Any]) -> Features:
    """Return the facts on a logarithmic scale, and a hashed bag of character trigrams of each text.

    A fact `x` becomes `sign(x) * log(1 + |x|)`. A text (its last 4096 code points; a JSON value as its JSON) is counted
    into 64 buckets by the CRC-32 of its trigrams, whose top bit is the sign, and scaled to length 1: the hashing trick
    of Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009.

    Args:
        observation: Of any seat.

    Returns:
        A vector whose size follows from the names in the observation alone.
    """
    parts = [_part(observation[name]) for name in sorted(observation)]
    return np.concatenate(parts).astype(np.float32)


class FeatureObservation(gym.ObservationWrapper[Features, Any, Any], gym.utils.RecordConstructorArgs):
    """Turns observations into `Box(-inf, inf, (n,), float32)`.

    Args:
        env: The environment to wrap.
        features: `hashed`, or `module:function`: from an observation to a vector of one size. It is asked once for a
            sample of the environment's observations, to learn the size.

    Raises:
        ConfigError: The function is not found, or gives no vector.
    """

    def __init__(self, env: gym.Env[Any, Any], features: str = "hashed") -> None:
        gym.utils.RecordConstructorArgs.__init__(self, features=features)
        super().__init__(env)
        self._features: Callable[[Mapping[str, Any]], Features] = resolve("features", features, FEATURES)
        sample = np.asarray(self._features(env.observation_space.sample()))
        if sample.ndim != 1:
            raise ConfigError(f"features {features} must give a vector, not an array of shape {sample.shape}")
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, sample.shape, np.float32)  # pyright: ignore[reportAttributeAccessIssue]

    def observation(self, observation: Any) -> Features:
        """Return the features of an observation, shape `(n,)`."""
        return np.asarray(self._features(observation), dtype=np.float32)


FEATURES = {"hashed": "claudebox_rl.env.wrappers.features:hashed_features"}
"""By name; further ones by the entry-point group `claudebox_rl.features`, or as `module:function`."""


def _part(value: Any) -> NDArray[np.float64]:
    if isinstance(value, np.ndarray | np.number):
        numbers = np.asarray(value, dtype=np.float64).ravel()
        return np.sign(numbers) * np.log1p(np.abs(numbers))
    return _bag(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))


def _bag(text: str) -> NDArray[np.float64]:
    bag = np.zeros(_TEXT_SIZE)
    for code in _codes(text[-_TEXT_CAP:]):
        bag[code % _TEXT_SIZE] += 1 if code >> 31 else -1
    length = float(np.linalg.norm(bag))
    return bag / length if length else bag


def _codes(text: str) -> Iterator[int]:
    for start in range(max(len(text) - _NGRAM + 1, min(len(text), 1))):
        yield zlib.crc32(text[start : start + _NGRAM].encode("utf-8", "surrogatepass"))
