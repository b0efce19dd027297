"""Unpack an uploaded archive: python3 unpack.py ARCHIVE TARGET."""

import sys
import tarfile

with tarfile.open(sys.argv[1]) as archive:
    archive.extractall(sys.argv[2])
