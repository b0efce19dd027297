"""Copy a site to the folder that the web server reads: python3 publish.py SITE TARGET."""

import shutil
import sys
from pathlib import Path


def publish(site: Path, target: Path) -> None:
    """Copy every file of the site; folders are made on the way."""
    for source in sorted(site.rglob("*")):
        copy = target / source.relative_to(site)
        if source.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)


if __name__ == "__main__":
    publish(Path(sys.argv[1]), Path(sys.argv[2]))
