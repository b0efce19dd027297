"""Rewards and verdicts of stored episodes, computed anew without playing them again."""
