"""Accounts as events."""
