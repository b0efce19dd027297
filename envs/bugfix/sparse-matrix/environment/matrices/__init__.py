"""Exact matrices."""
