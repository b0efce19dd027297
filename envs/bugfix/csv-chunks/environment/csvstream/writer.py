"""The writer."""


def format_row(fields):
    """Return one or more texts as a row that ends in LF, so that `Reader` gives the same texts for it.

    Fields are put in quotes where that is needed, and only there. A row needs it for a single empty field, which would be an
    empty line otherwise.
    """
    return ",".join(_quoted(field) if any(mark in field for mark in ',"\n') else field for field in fields) + "\n"


def _quoted(field):
    return '"' + field.replace('"', '""') + '"'
