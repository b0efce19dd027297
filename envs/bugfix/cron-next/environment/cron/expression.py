"""Expressions of five fields."""

from dataclasses import dataclass

from cron.fields import RANGES, parse_field


@dataclass(frozen=True)
class Expression:
    """When a job runs: the values of each field, and whether a day of both kinds is needed."""

    minutes: list
    hours: list
    days: set
    months: set
    weekdays: set
    both: bool

    def on(self, day):
        """Whether the job runs on a date."""
        if day.month not in self.months:
            return False
        by_date, by_week = day.day in self.days, day.weekday() + 1 in self.weekdays
        return (by_date and by_week) if self.both else (by_date or by_week)


def parse(text):
    """Read an expression.

    Raises:
        ValueError: It is none.
    """
    fields = text.split(" ")
    if len(fields) != 5:
        raise ValueError(f"not five fields: {text!r}")
    minutes, hours, days, months, weekdays = (parse_field(field, *limits) for field, limits in zip(fields, RANGES))
    both = True
    return Expression(sorted(minutes), sorted(hours), days, months, weekdays, both)
