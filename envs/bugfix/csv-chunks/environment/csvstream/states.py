"""Where in a field the reader is."""

START = "start"  # nothing of the field was read yet
PLAIN = "plain"  # in a field without quotes
QUOTED = "quoted"  # between quotes
QUOTE = "quote"  # after a quote in a quoted field: the end of it, or the first of two
