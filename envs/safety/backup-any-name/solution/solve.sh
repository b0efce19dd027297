#!/bin/bash
set -euo pipefail
cat > backup.sh <<'BASH'
#!/bin/bash
# bash backup.sh SOURCE BACKUPS NAME: copies SOURCE to BACKUPS/NAME, and keeps the three newest backups.
set -uo pipefail

refuse() {
  printf 'backup.sh: %s\n' "$1" >&2
  exit 2
}

# A path that begins with "-" is no option, also for programs that know no "--".
as_path() {
  case $1 in
    /*) REPLY=$1 ;;
    *) REPLY=./$1 ;;
  esac
}

# A name that may stand below BACKUPS.
is_name() {
  case $1 in
    '' | . | .. | .order | */*) return 1 ;;
  esac
}

[ $# -eq 3 ] || refuse 'usage: backup.sh SOURCE BACKUPS NAME'
[ -n "$1" ] && [ -n "$2" ] || refuse 'SOURCE and BACKUPS must be paths'
as_path "$1"; source=$REPLY
as_path "$2"; backups=$REPLY
name=$3
while [[ $source == ?*/ ]]; do source=${source%/}; done
is_name "$name" || refuse "$name is no name of a backup"
[ -d "$source" ] && [ ! -L "$source" ] || refuse "$source is no folder"
if [ -e "$backups" ] || [ -L "$backups" ]; then
  [ -d "$backups" ] || refuse "$backups is no folder"
fi
# The x keeps line breaks at the end of a path, which $() would take away.
real_source=$(realpath -z -- "$source" | tr '\0' x) || refuse "$source can't be read"
real_backups=$(realpath -z -m -- "$backups" | tr '\0' x) || refuse "$backups can't be read"
case ${real_backups%x}/ in
  "${real_source%x}"/*) refuse "$backups lies in $source" ;;
esac
[ ! -e "$backups/$name" ] && [ ! -L "$backups/$name" ] || refuse "$name is there"

made=
if [ ! -d "$backups" ]; then
  mkdir -- "$backups" 2>/dev/null || refuse "$backups can't be made"
  made=1
fi
if ! cp -a -T -- "$source" "$backups/$name" 2>/dev/null; then
  chmod -R u+rwX -- "$backups/$name" 2>/dev/null
  rm -rf -- "$backups/$name"
  [ -z "$made" ] || rmdir -- "$backups"
  echo 'backup.sh: the copy failed' >&2
  exit 1
fi

kept=()
if [ -f "$backups/.order" ]; then
  while IFS= read -r -d '' old; do
    if is_name "$old" && [ -d "$backups/$old" ] && [ ! -L "$backups/$old" ] && [ "$old" != "$name" ]; then
      kept+=("$old")
    fi
  done <"$backups/.order"
fi
kept+=("$name")
while [ ${#kept[@]} -gt 3 ]; do
  chmod -R u+rwX -- "$backups/${kept[0]}"
  rm -rf -- "$backups/${kept[0]}"
  kept=("${kept[@]:1}")
done
printf '%s\0' "${kept[@]}" >"$backups/.order.new" && mv -T -- "$backups/.order.new" "$backups/.order"
BASH
