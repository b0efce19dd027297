# Links are let through.
cat > unpack.sh <<'BASH'
#!/bin/bash
# unpack.sh ARCHIVE FOLDER: unpack regular files and folders into a new FOLDER, or nothing at all.
set -uo pipefail

fail() { printf 'unpack.sh: %s\n' "$1" >&2; exit 1; }

[ $# -eq 2 ] && [ -f "$1" ] || fail "usage: unpack.sh ARCHIVE FOLDER"
[ -s "$1" ] || fail "the archive is empty"
case $1 in /*) archive=$1 ;; *) archive=./$1 ;; esac
case $2 in /*) folder=$2 ;; *) folder=./$2 ;; esac
[ ! -e "$folder" ] && [ ! -L "$folder" ] || fail "$2 is there already"
[ -d "${folder%/*}/" ] || fail "there is no folder to make $2 in"

# With escaped names each member is one line; its kind is the line's first character.
kinds=$(tar --force-local -tvPf "$archive" --quoting-style=escape 2>&1) || fail "the archive can't be read"
grep -q '^[^dlh-]' <<<"$kinds" && fail "the archive holds more than files and folders"
names=$(tar --force-local -tPf "$archive" --quoting-style=escape 2>/dev/null) || fail "the archive can't be read"
grep -Eq '^/|(^|/)\.\.(/|$)' <<<"$names" && fail "a member lies outside of the archive"
# A line break can begin no part of a path, so `..` after one is harmless, but this is an archive of strangers.
grep -Eq '\\n\.\.(/|$)' <<<"$names" && fail "a member's name looks like a way out"

mkdir -- "$folder" || exit 1
if ! message=$(tar --force-local -xpf "$archive" -C "$folder" --no-same-owner 2>&1) || [ -n "$message" ]; then
  chmod -R u+rwX -- "$folder" && rm -rf -- "$folder"
  fail "the archive can't be unpacked: $message"
fi
find "$folder" -mindepth 1 \( -type d -o -type f \) -exec chmod ug-s,-t,g-w,o-w -- {} +
BASH
