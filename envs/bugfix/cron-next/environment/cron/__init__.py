"""When jobs run."""

from cron.schedule import next_runs

__all__ = ["next_runs"]
