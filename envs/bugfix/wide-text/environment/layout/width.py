"""How many columns text takes."""

import unicodedata


def clusters(text):
    """Split text into a list of characters with the combining marks that follow each.

    A combining mark is a character whose canonical combining class is not 0. Marks at the beginning of the text are a cluster.
    """
    found = []
    for character in text:
        if found and unicodedata.category(character) == "Mc":
            found[-1] += character
        else:
            found.append(character)
    return found


def width(text):
    """Return the columns of a text: 0 for a combining mark, 2 for a character of East Asian width W or F, 1 for all others."""
    return len(text)
