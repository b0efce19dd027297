"""Sweeps: jobs, each a rollout with settings of its own, played at the same time over one cluster into one dataset."""
