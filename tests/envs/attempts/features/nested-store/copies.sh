# Copies everything when a transaction begins, splits lines at any space, and forgets the store's errors.
cat >> kv/store.py <<'PYTHON'

    def begin(self):
        self.__dict__.setdefault("_saved", []).append(dict(self._values))

    def commit(self):
        self._saved.pop()

    def rollback(self):
        self._values = self._saved.pop()

    def count(self, value):
        return list(self._values.values()).count(value)

    def keys(self, prefix=""):
        return sorted(key for key in self._values if key.startswith(prefix))

    def depth(self):
        return len(self.__dict__.get("_saved", []))
PYTHON
cat > kv/shell.py <<'PYTHON'
from kv.store import Store


def run(lines):
    store, printed = Store(), []
    for line in lines:
        words = line.split()
        if not words:
            continue
        found = getattr(store, words[0].lower())(*words[1:])
        if found is not None:
            printed.append(str(found))
    return printed
PYTHON
