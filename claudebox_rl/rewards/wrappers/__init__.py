"""Rewards as Gymnasium wrappers: each adds named terms to the reward of an environment's steps.

Where a function of a prompt's result has the same name (`claudebox_rl.rewards.SafetyReward`), the wrapper asks it about
the whole episode.
"""

from __future__ import annotations

from claudebox_rl.rewards.wrappers.clip import ClipReward
from claudebox_rl.rewards.wrappers.combined import CombinedReward
from claudebox_rl.rewards.wrappers.judged import (
    CodeQualityReward,
    CustomReward,
    EfficiencyReward,
    SafetyReward,
    SuccessReward,
)
from claudebox_rl.rewards.wrappers.penalties import CostPenalty, StepPenalty, TimePenalty
from claudebox_rl.rewards.wrappers.rubric import RubricReward
from claudebox_rl.rewards.wrappers.shaping import PotentialShaping
from claudebox_rl.rewards.wrappers.term import RewardTerm
from claudebox_rl.rewards.wrappers.tests_passed import TestsPassedDelta
from claudebox_rl.rewards.wrappers.verdict import VerifierReward

__all__ = [
    "ClipReward",
    "CodeQualityReward",
    "CombinedReward",
    "CostPenalty",
    "CustomReward",
    "EfficiencyReward",
    "PotentialShaping",
    "RewardTerm",
    "RubricReward",
    "SafetyReward",
    "StepPenalty",
    "SuccessReward",
    "TestsPassedDelta",
    "TimePenalty",
    "VerifierReward",
]
