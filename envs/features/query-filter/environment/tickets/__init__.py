"""The ticket system."""
