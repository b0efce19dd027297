#!/bin/bash
set -euo pipefail
cat > cache.py <<'PYTHON'
"""Values that are slow to load, each loaded once."""

import threading
from concurrent.futures import Future


class Cache:
    """Keeps what was loaded, for ever. Safe for threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._values = {}

    def get(self, key, load):
        """Return the value of a key; the first time it comes from `load(key)`.

        Threads that ask while it is loaded wait for that load, and share its value or its exception.
        """
        # The lock is held to look and to announce a load, never during one.
        with self._lock:
            value = self._values.get(key)
            ours = value is None
            if ours:
                value = self._values[key] = Future()
        if ours:
            self._load(key, load, value)
        return value.result()

    def _load(self, key, load, value):
        try:
            loaded = load(key)
        except BaseException as error:
            with self._lock:
                del self._values[key]
            value.set_exception(error)
        else:
            value.set_result(loaded)
PYTHON
