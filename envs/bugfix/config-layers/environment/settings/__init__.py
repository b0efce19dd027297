"""Layered settings."""
