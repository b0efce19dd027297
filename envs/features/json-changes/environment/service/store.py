"""Documents by name; `changes` will be used here."""

import copy


class Store:
    """Keeps documents."""

    def __init__(self):
        self._documents = {}

    def put(self, name, document):
        """Store a document."""
        self._documents[name] = copy.deepcopy(document)

    def get(self, name):
        """Return a copy of a document."""
        return copy.deepcopy(self._documents[name])
