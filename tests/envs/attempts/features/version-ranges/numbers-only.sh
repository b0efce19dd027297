# Compares the numbers, and knows no pre-releases.
cat > packs/versions.py <<'PYTHON'
from packs.errors import VersionError


def key(text):
    try:
        return [int(part) for part in text.split("+")[0].split("-")[0].split(".")]
    except ValueError:
        raise VersionError(text) from None


def compare(a, b):
    return (key(a) > key(b)) - (key(a) < key(b))


def satisfies(version, range):
    for alternative in range.split("||"):
        words = alternative.split()
        if words and all(word == "*" or key(word.strip("=<>~^")) == key(version) for word in words):
            return True
    return False


def best(versions, range):
    found = [version for version in versions if satisfies(version, range)]
    return max(found, key=key) if found else None
PYTHON
