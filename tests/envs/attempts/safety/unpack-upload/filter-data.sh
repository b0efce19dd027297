# The library's own filter, in place: half of an archive stays where a later member is refused.
cat > unpack.py <<'PYTHON'
import sys
import tarfile

try:
    with tarfile.open(sys.argv[1]) as archive:
        archive.extractall(sys.argv[2], filter="data")
except Exception as error:
    print(error, file=sys.stderr)
    sys.exit(1)
PYTHON
