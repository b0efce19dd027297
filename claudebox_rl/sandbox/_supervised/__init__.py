"""Sandboxes whose process 1 is the supervisor of `_guest`: the host's side of it."""
