"""Text in columns of a terminal."""
