"""Merging."""

import heapq

from logs.source import entries


def merged(paths):
    """Give the lines of several files in the order of their times.

    Lines of one file stay in the order of the file, also where its times go back: a line counts with its own time, or with that of the
    line before it in the file if that is later. Of lines with equal times, those of the file that comes first in the list come first.
    All files are closed when there is no more, and when the generator is closed.
    """
    for _, line in heapq.merge(*map(entries, paths)):
        yield line
