"""What is on the shelves, and for whom."""
