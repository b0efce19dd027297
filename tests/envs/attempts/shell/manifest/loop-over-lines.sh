# Names are read line by line.
cat > manifest.sh <<'BASH'
[ -d "$1" ] || { echo "no folder" >&2; exit 1; }
cd -- "$1" || exit 1
rm -f SHA256SUMS
find . -type f | sed 's|^./||' | LC_ALL=C sort | while IFS= read -r name; do sha256sum -- "$name"; done > /tmp/sums.$$ 2>/dev/null
mv /tmp/sums.$$ SHA256SUMS
BASH
