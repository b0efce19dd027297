# The file being written is listed too.
cat > manifest.sh <<'BASH'
#!/bin/bash
# manifest.sh FOLDER: write FOLDER/SHA256SUMS.
set -euo pipefail

[ $# -eq 1 ] && [ -d "$1" ] || { echo "manifest.sh: no such folder: ${1-}" >&2; exit 1; }
cd -- "$1"
sums=$(mktemp)
trap 'rm -f -- "$sums"' EXIT
find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 -r sha256sum -- > "$sums"
cat -- "$sums" > SHA256SUMS
BASH
