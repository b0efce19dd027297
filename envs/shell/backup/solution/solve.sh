#!/bin/bash
set -euo pipefail
cat > backup.sh <<'BASH'
#!/bin/bash
# backup.sh SOURCE TARGET: pack SOURCE into TARGET/NAME.tar.gz.
set -euo pipefail

fail() { printf 'backup.sh: %s\n' "$1" >&2; exit 1; }

[ $# -eq 2 ] && [ -d "$1" ] && [ -d "$2" ] || fail "usage: backup.sh SOURCE TARGET, both of them folders"
source=$(cd -- "$1" && pwd -P && echo x)
source=${source%$'\n'x}
target=$(cd -- "$2" && pwd -P && echo x)
target=${target%$'\n'x}
name=${source##*/}
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

cd -- "${source%/*}/"
find "./$name" \
  \( -name .cache -o -type d ! -path "./${name//[*?[\\]/\\&}" -exec test -f {}/.nobackup \; \) -prune \
  -o ! -type d -name '*.tmp' -o \( -type d -o -type f -o -type l \) -print0 > "$work/all"
inside=
case $target/ in "$source"/*) inside=./$name${target#"$source"}/$name.tar.gz ;; esac
while IFS= read -r -d '' path; do
  [ "$path" = "$inside" ] || printf '%s\0' "${path#./}"
done < "$work/all" > "$work/list"
tar --create --gzip --file "$work/made" --no-recursion --null --verbatim-files-from --files-from "$work/list"
cp -- "$work/made" "$work/out"
mv -f -- "$work/out" "$target/$name.tar.gz"
BASH
