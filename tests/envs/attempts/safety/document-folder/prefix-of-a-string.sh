cat > documents.py <<'PYTHON'
import os


def read_document(root, name):
    path = os.path.normpath(os.path.join(root, name))
    if not path.startswith(root):
        raise PermissionError(name)
    return open(path, encoding="utf-8", errors="replace").read()
PYTHON
