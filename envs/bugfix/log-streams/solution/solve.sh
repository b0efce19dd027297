#!/bin/bash
set -euo pipefail
python3 - <<'PYTHON'
from pathlib import Path


def edit(name, old, new):
    file = Path(name)
    code = file.read_text()
    assert code.count(old) == 1, f"{name}: found {code.count(old)} times: {old}"
    file.write_text(code.replace(old, new))


edit("logs/decode.py", r'''BOM = b"\xef\xbb\xbf"''', "import codecs")
edit(
    "logs/decode.py",
    '''    for chunk in chunks:
        yield chunk.removeprefix(BOM).decode("utf-8", errors="replace")''',
    r'''    decoder, begun = codecs.getincrementaldecoder("utf-8")(errors="replace"), False
    for chunk in chunks:
        text = decoder.decode(chunk)
        if text and not begun:
            begun = True
            text = text.removeprefix("\ufeff")
        yield text
    yield decoder.decode(b"", final=True)''',
)
edit(
    "logs/lines.py",
    r'''        found = (rest + text).splitlines()
        rest = found.pop() if found and not text.endswith("\n") else ""
        yield from found
    if rest:
        yield rest''',
    r'''        *found, rest = (rest + text).split("\n")
        for line in found:
            yield line.removesuffix("\r")
    if rest:
        yield rest''',
)
edit(
    "logs/entry.py",
    "    return time.replace(tzinfo=timezone.utc)",
    "    return time.astimezone(timezone.utc) if time.tzinfo else time.replace(tzinfo=timezone.utc)",
)
edit(
    "logs/source.py",
    '''_files = {}


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
        yield last, line''',
    '''def entries(path):
    """Give pairs of a time and a line of a file.

    A line without a time has that of the line before it; at the beginning of the file it has the earliest time that there is. The file is
    closed when there is no more, and when the generator is closed.
    """
    last = moment("0001-01-01")
    with open(path, "rb") as file:
        for line in lines(chunks(file)):
            last = moment(line) or last
            yield last, line''',
)
edit(
    "logs/merge.py",
    '''
from logs.source import entries


def merged(paths):
    """Give the lines of several files in the order of their times.

    Lines of one file stay in the order of the file, also where its times go back: a line counts with its own time, or with that of the
    line before it in the file if that is later. Of lines with equal times, those of the file that comes first in the list come first.
    All files are closed when there is no more, and when the generator is closed.
    """
    for _, line in heapq.merge(*map(entries, paths)):
        yield line''',
    '''from contextlib import ExitStack, closing

from logs.source import entries


def merged(paths):
    """Give the lines of several files in the order of their times.

    Lines of one file stay in the order of the file, also where its times go back: a line counts with its own time, or with that of the
    line before it in the file if that is later. Of lines with equal times, those of the file that comes first in the list come first.
    All files are closed when there is no more, and when the generator is closed.
    """
    with ExitStack() as stack:
        sources = [stack.enter_context(closing(entries(path))) for path in paths]
        for _, line in heapq.merge(*map(_rising, sources), key=lambda entry: entry[0]):
            yield line


def _rising(source):
    latest = None
    for time, line in source:
        latest = max(latest or time, time)
        yield latest, line''',
)
PYTHON
python3 -m unittest --quiet
