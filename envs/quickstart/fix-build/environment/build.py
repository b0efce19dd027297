"""Build out/units.pyz."""

import compileall
import shutil
import subprocess
import sys
import tempfile
import zipapp
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "src" / "units"
ARCHIVE = HERE / "out" / "units.pyz"


def stage(folder):
    """Put what goes into the archive into a folder."""
    target = folder / "units"
    target.mkdir()
    for file in PACKAGE.glob("*.py"):
        shutil.copy(file, target)
    version = (HERE / "VERSION").read_text()
    (target / "_version.py").write_text(f"VERSION = {version!r}\n")
    if not compileall.compile_dir(folder, quiet=1):
        sys.exit("build: the sources do not compile")


def pack(folder):
    """Write the archive."""
    ARCHIVE.parent.mkdir(exist_ok=True)
    zipapp.create_archive(folder, ARCHIVE, main="units.__main__:main")


def check():
    """Try the archive where the sources are out of reach."""
    for arguments, wanted in (["3", "km", "m"], "3000 m\n"), (["--version"], f"units {(HERE / 'VERSION').read_text()}"):
        with tempfile.TemporaryDirectory() as elsewhere:
            command = [sys.executable, str(ARCHIVE), *arguments]
            printed = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True)
        if printed.stdout != wanted:
            sys.exit(f"build: units {' '.join(arguments)}: wanted {wanted!r}, got {printed.stdout!r}\n{printed.stderr}")


def main():
    """Build, and check what was built."""
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        pack(folder)
    check()
    print(f"built {ARCHIVE}")


main()
