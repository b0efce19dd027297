# Keeps each state, joins nothing, and compares texts with the mark's.
cat > editor/buffer.py <<'PYTHON'
class Buffer:
    def __init__(self, text="", limit=None):
        self.text, self.cursor, self.limit = text, len(text), limit
        self.done, self.undone, self.saved = [], [], text

    def move(self, place):
        self.cursor = max(0, min(place, len(self.text)))

    def change(self, text, cursor):
        self.done.append((self.text, self.cursor))
        self.undone.clear()
        self.text, self.cursor = text, cursor

    def insert(self, text):
        self.change(self.text[: self.cursor] + text + self.text[self.cursor :], self.cursor + len(text))

    def delete(self, amount=1):
        start = max(0, self.cursor - amount)
        self.change(self.text[:start] + self.text[self.cursor :], start)

    def undo(self):
        if not self.done:
            return False
        self.undone.append((self.text, self.cursor))
        self.text, self.cursor = self.done.pop()
        return True

    def redo(self):
        if not self.undone:
            return False
        self.done.append((self.text, self.cursor))
        self.text, self.cursor = self.undone.pop()
        return True

    def mark(self):
        self.saved = self.text

    def marked(self):
        return self.saved == self.text

    def begin(self):
        pass

    def end(self):
        pass
PYTHON
