"""Stored episodes in the forms that trainers and other tools read."""
