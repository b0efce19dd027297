# Links are seen; absolute and empty names, NULs and pipes are not thought of.
cat > documents.py <<'PYTHON'
from pathlib import Path


def read_document(root, name):
    root = Path(root).resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise PermissionError(name)
    if not path.is_file():
        raise FileNotFoundError(name)
    return path.read_text(errors="replace")
PYTHON
