"""Costs of trips."""
