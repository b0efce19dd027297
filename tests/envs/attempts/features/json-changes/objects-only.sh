# Knows the keys of objects, no lists and no escapes.
cat > service/changes.py <<'PYTHON'
from service.errors import ChangeError


def find(document, pointer):
    try:
        for part in pointer.split("/")[1:]:
            document = document[part]
        return document
    except (KeyError, TypeError, AttributeError):
        raise ChangeError(pointer) from None


def apply(document, patch):
    for operation in patch:
        path, _, last = operation["path"].rpartition("/")
        parent = find(document, path)
        if operation["op"] in ("add", "replace"):
            parent[last] = operation["value"]
        elif operation["op"] == "remove":
            del parent[last]
    return document


def diff(old, new):
    return [] if old == new else [{"op": "replace", "path": "", "value": new}]
PYTHON
