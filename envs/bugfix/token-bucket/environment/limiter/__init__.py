"""Limits on how often callers may call."""
