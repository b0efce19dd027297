"""A store of keys and values."""
