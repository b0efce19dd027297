"""Amounts."""


class Shelves:
    """What is there and what of it is reserved."""

    def __init__(self, stock):
        self.there = stock
        self.reserved = {}

    def available(self, article):
        """Return what is free of an article."""
        return self.there.get(article, 0) - self.reserved.get(article, 0)

    def take(self, wants):
        """Reserve all of it or nothing; return whether."""
        for article, amount in wants.items():
            if self.available(article) < amount:
                return False
            self.reserved[article] = self.reserved.get(article, 0) + amount
        return True

    def free(self, wants):
        """Give back what was reserved."""
        for article, amount in wants.items():
            self.reserved[article] -= amount

    def leave(self, wants):
        """Let what was reserved leave the house."""
        for article, amount in wants.items():
            self.there[article] -= amount
