"""Meetings of people in many places."""
