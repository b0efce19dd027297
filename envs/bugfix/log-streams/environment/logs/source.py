"""Files."""

from logs.entry import moment
from logs.lines import lines

CHUNK_BYTES = 4096


def chunks(file):
    """Give the content of an open file."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


_files = {}


def opened(path):
    """Return the open file of a path, from its beginning on."""
    if path not in _files:
        _files[path] = open(path, "rb")
    _files[path].seek(0)
    return _files[path]


def entries(path):
    """Give pairs of a time and a line of a file.

    A line without a time has that of the line before it; at the beginning of the file it has the earliest time that there is. The file is
    closed when there is no more, and when the generator is closed.
    """
    last = moment("0001-01-01")
    for line in lines(chunks(opened(path))):
        last = moment(line) or last
        yield last, line
