"""The configuration service."""
