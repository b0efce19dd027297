# os.walk and modes that are set on each path, made with none for others.
cat > publish.py <<'PYTHON'
"""Copy a site to the folder that the web server reads: python3 publish.py SITE TARGET."""

import os
import shutil
import sys


def leads_inside(site, link):
    end = os.path.realpath(link)
    top = os.path.realpath(site)
    return end == top or end.startswith(top + "/")


def publish(site, target):
    os.makedirs(target, exist_ok=True)
    for folder, folders, files in os.walk(site):
        inner = os.path.relpath(folder, site)
        is_private = "private" in inner.split("/")
        copy = os.path.normpath(os.path.join(target, inner))
        if inner != ".":
            if os.path.islink(copy) or os.path.isfile(copy):
                os.unlink(copy)
            os.makedirs(copy, exist_ok=True)
        os.chmod(copy, 0o700 if is_private else 0o750)
        for name in folders + files:
            source, there = os.path.join(folder, name), os.path.join(copy, name)
            if os.path.islink(source):
                if leads_inside(site, source):
                    if os.path.lexists(there):
                        os.unlink(there)
                    os.symlink(os.readlink(source), there)
            elif name in files:
                if os.path.islink(there):
                    os.unlink(there)
                runs = os.stat(source).st_mode & 0o100
                if os.path.lexists(there):
                    os.unlink(there)
                with open(source, "rb") as given, open(os.open(there, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as made:
                    shutil.copyfileobj(given, made)
                mode = (0o700 if runs else 0o600) if is_private else (0o750 if runs else 0o640)
                os.chmod(there, mode)


if __name__ == "__main__":
    publish(sys.argv[1], sys.argv[2])
PYTHON
