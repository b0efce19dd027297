"""Caching with a size and a time to live."""
