"""Secrets taken out of rows before they are written."""
