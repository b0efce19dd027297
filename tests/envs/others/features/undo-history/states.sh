# Whole states are kept, not edits: each change has the text and the cursor before and after it.
cat > editor/buffer.py <<'PYTHON'
"""The buffer."""

from editor.errors import EditorError


class Buffer:
    """A text and a cursor: a place from 0 to the length of the text."""

    def __init__(self, text="", limit=None):
        self.text = text
        self.cursor = len(text)
        self._limit = limit
        self._done = []
        self._undone = []
        self._typing = None
        self._depth = 0
        self._group = None
        self._serial = 0
        self._mark = 0
        self._base = 0

    def move(self, place):
        """Move the cursor to a place; to the nearest one that there is."""
        place = max(0, min(place, len(self.text)))
        if place != self.cursor:
            self._typing = None
        self.cursor = place

    def insert(self, text):
        """Insert a text at the cursor, which moves behind it."""
        if text:
            kind = None
            joins = False
            if len(text) == 1:
                kind = ("insert", text)
                last = self._typing
                blank = text in (" ", "\n")
                joins = last is not None and last[0] == "insert" and (not blank or last[1] in (" ", "\n"))
            before = (self.text, self.cursor)
            self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
            self.cursor += len(text)
            self._changed(before, joins, kind)

    def delete(self, amount=1):
        """Delete so many characters before the cursor, or as many as there are."""
        start = max(0, self.cursor - amount)
        if start < self.cursor:
            kind = ("delete", "") if amount == 1 else None
            joins = kind is not None and self._typing == kind
            before = (self.text, self.cursor)
            self.text = self.text[:start] + self.text[self.cursor :]
            self.cursor = start
            self._changed(before, joins, kind)

    def _changed(self, before, joins, kind):
        self._undone.clear()
        after = (self.text, self.cursor)
        self._typing = kind
        if self._depth:
            self._group = (self._group[0] if self._group else before, after)
        elif joins and self._done:
            self._serial += 1
            self._done[-1] = (self._done[-1][0], after, self._serial)
        else:
            self._push(before, after)

    def _push(self, before, after):
        self._serial += 1
        self._done.append((before, after, self._serial))
        if self._limit is not None:
            while len(self._done) > self._limit:
                self._base = self._done.pop(0)[2]

    def undo(self):
        """Take the last change back."""
        self._alone()
        self._typing = None
        if not self._done:
            return False
        change = self._done.pop()
        self._undone.append(change)
        self.text, self.cursor = change[0]
        return True

    def redo(self):
        """Make the last change again that was taken back."""
        self._alone()
        self._typing = None
        if not self._undone:
            return False
        change = self._undone.pop()
        self._done.append(change)
        self.text, self.cursor = change[1]
        return True

    def _alone(self):
        if self._depth:
            raise EditorError("inside of a group")

    def begin(self):
        """Begin a group."""
        self._typing = None
        self._depth += 1

    def end(self):
        """End a group."""
        if not self._depth:
            raise EditorError("no group")
        self._typing = None
        self._depth -= 1
        if not self._depth and self._group:
            self._push(*self._group)
            self._group = None

    def mark(self):
        """Remember this state."""
        self._alone()
        self._typing = None
        self._mark = self._state()

    def marked(self):
        """Whether this is the state of the mark."""
        return self._group is None and self._mark == self._state()

    def _state(self):
        return self._done[-1][2] if self._done else self._base
PYTHON
