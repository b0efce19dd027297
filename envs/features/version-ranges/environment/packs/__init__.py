"""A small package manager."""
