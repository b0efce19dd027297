#!/bin/bash
set -euo pipefail
cat > editor/buffer.py <<'PYTHON'
"""The buffer."""

from dataclasses import dataclass

from editor.errors import EditorError


@dataclass
class Change:
    """A change: text and cursor before and after it."""

    before: tuple
    after: tuple


class Buffer:
    """A text and a cursor: a place from 0 to the length of the text."""

    def __init__(self, text="", limit=None):
        self.text = text
        self.cursor = len(text)
        self._limit = limit
        self._done, self._undone = [], []
        self._dropped = 0  # changes that can't be taken back any more
        self._mark = 0  # the number of changes at the mark; None if it can't be reached
        self._typing = None  # what could join: ("insert", last character), ("delete", None)
        self._depth, self._group = 0, None

    def move(self, place):
        """Move the cursor to a place; to the nearest one that there is."""
        place = max(0, min(place, len(self.text)))
        if place != self.cursor:
            self._typing = None
        self.cursor = place

    def insert(self, text):
        """Insert a text at the cursor, which moves behind it."""
        if not text:
            return
        joins = self._typing is not None and self._typing[0] == "insert" and len(text) == 1
        joins = joins and not (text in " \n" and self._typing[1] not in " \n")
        before = self.text, self.cursor
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)
        self._note(before, joins)
        self._typing = ("insert", text) if len(text) == 1 else None

    def delete(self, amount=1):
        """Delete so many characters before the cursor, or as many as there are."""
        start = max(0, self.cursor - amount)
        if start >= self.cursor:
            return
        joins = self._typing is not None and self._typing[0] == "delete" and amount == 1
        before = self.text, self.cursor
        self.text = self.text[:start] + self.text[self.cursor :]
        self.cursor = start
        self._note(before, joins)
        self._typing = ("delete", None) if amount == 1 else None

    def undo(self):
        """Take the last change back; return whether there was one."""
        self._outside_of_groups()
        self._typing = None
        if not self._done:
            return False
        change = self._done.pop()
        self._undone.append(change)
        self.text, self.cursor = change.before
        return True

    def redo(self):
        """Make the last change that was taken back again; return whether there was one."""
        self._outside_of_groups()
        self._typing = None
        if not self._undone:
            return False
        change = self._undone.pop()
        self._done.append(change)
        self.text, self.cursor = change.after
        return True

    def begin(self):
        """Begin a group."""
        if self._depth == 0:
            self._group = None
        self._depth += 1
        self._typing = None

    def end(self):
        """End a group."""
        if self._depth == 0:
            raise EditorError("no group was begun")
        self._depth -= 1
        self._typing = None
        if self._depth == 0 and self._group is not None:
            self._push(self._group)

    def mark(self):
        """Remember this state."""
        self._outside_of_groups()
        self._typing = None
        self._mark = self._position()

    def marked(self):
        """Whether the state is that of the mark."""
        changed = self._depth > 0 and self._group is not None
        return not changed and self._mark == self._position()

    def _position(self):
        return self._dropped + len(self._done)

    def _outside_of_groups(self):
        if self._depth:
            raise EditorError("a group is open")

    def _note(self, before, joins):
        after = self.text, self.cursor
        if self._depth:
            self._group = Change(self._group.before if self._group else before, after)
            self._forget()
        elif joins and self._done:
            self._done[-1].after = after
        elif joins:
            # The change that it joins was dropped by a limit of 0.
            self._mark = None if self._mark == self._position() else self._mark
        else:
            self._push(Change(before, after))

    def _forget(self):
        self._undone.clear()
        if self._mark is not None and self._mark > self._position():
            self._mark = None

    def _push(self, change):
        self._forget()
        self._done.append(change)
        if self._limit is not None and len(self._done) > self._limit:
            del self._done[0]
            self._dropped += 1
            if self._mark is not None and self._mark < self._dropped:
                self._mark = None
PYTHON
python3 -m unittest --quiet
