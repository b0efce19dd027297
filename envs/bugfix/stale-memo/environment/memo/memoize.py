"""The decorator."""

import functools

from memo.clock import system
from memo.keys import make_key
from memo.store import LruStore


def memoize(size, ttl, clock=system):
    """Keep what a function returns for its latest `size` calls, for `ttl` seconds each. Any value is kept, None too."""

    def decorate(function):
        store = LruStore(size, ttl, clock)

        @functools.wraps(function)
        def remembered(*args, **kwargs):
            key = make_key(args, kwargs)
            value = store.get(key)
            if value is None:
                value = function(*args, **kwargs)
                store.set(key, value)
            return value

        return remembered

    return decorate
