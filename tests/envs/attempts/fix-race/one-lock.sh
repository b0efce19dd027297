# One lock around everything: loads once, and one slow load holds up all.
cat > cache.py <<'PYTHON'
import threading


class Cache:
    def __init__(self):
        self._values = {}
        self._lock = threading.RLock()

    def get(self, key, load):
        with self._lock:
            if key not in self._values:
                self._values[key] = load(key)
            return self._values[key]
PYTHON
