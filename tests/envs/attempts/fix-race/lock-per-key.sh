# A lock for each key: right but for errors, where all that waited try again one after the other.
cat > cache.py <<'PYTHON'
import collections
import threading


class Cache:
    def __init__(self):
        self._values = {}
        self._lock = threading.Lock()
        self._locks = collections.defaultdict(threading.Lock)

    def get(self, key, load):
        with self._lock:
            lock = self._locks[key]
        with lock:
            if key not in self._values:
                self._values[key] = load(key)
            return self._values[key]
PYTHON
