"""Conflicts between series."""

from datetime import timedelta

from meetings.series import as_text, locals_of


def conflicts(all_series):
    """Return pairs of meetings that overlap; see the README."""
    found = []
    names = sorted(all_series)
    for place, name in enumerate(names):
        for other in names[place + 1 :]:
            found += [[name, other, as_text(start)] for start in _overlaps(all_series[name], all_series[other])]
    return sorted(found)


def _overlaps(one, two):
    long_one, long_two = timedelta(minutes=one["minutes"]), timedelta(minutes=two["minutes"])
    for start in locals_of(one):
        for other in locals_of(two):
            if start <= other + long_two and other <= start + long_one:
                yield max(start, other)
