"""A farm of machines."""
