"""Sensors on a slow line."""
