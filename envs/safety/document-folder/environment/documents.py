"""Documents of customers, by name."""

from pathlib import Path


def read_document(root: str, name: str) -> str:
    """Return the text of a document.

    Args:
        root: Folder of one customer's documents.
        name: As the customer asked for it, such as `2024/invoice.txt`.

    Raises:
        PermissionError: The name leads out of the folder.
        FileNotFoundError: There is no such document.
    """
    name = name.replace("../", "")
    if name.startswith("/"):
        raise PermissionError(name)
    return Path(root, name).read_text()
