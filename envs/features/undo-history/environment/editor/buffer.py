"""The buffer."""


class Buffer:
    """A text and a cursor: a place from 0 to the length of the text."""

    def __init__(self, text=""):
        self.text = text
        self.cursor = len(text)

    def move(self, place):
        """Move the cursor to a place; to the nearest one that there is."""
        self.cursor = max(0, min(place, len(self.text)))

    def insert(self, text):
        """Insert a text at the cursor, which moves behind it."""
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def delete(self, amount=1):
        """Delete so many characters before the cursor, or as many as there are."""
        start = max(0, self.cursor - amount)
        self.text = self.text[:start] + self.text[self.cursor :]
        self.cursor = start
