# Who ignores TERM is left alone.
cat > service.sh <<'BASH'
#!/bin/bash
# service.sh start|stop|status FOLDER: one program per folder in the background.
set -uo pipefail

fail() { printf 'service.sh: %s\n' "$2" >&2; exit "$1"; }

[ $# -eq 2 ] && [[ $1 =~ ^(start|stop|status)$ ]] && [ -d "$2" ] || fail 2 "usage: service.sh start|stop|status FOLDER"
cd -- "$2" || exit 2
here=$(pwd -P)

# Set `number` to our process, or return 1.
find_ours() {
  number=$(cat pid 2>/dev/null) || return 1
  [[ $number =~ ^[1-9][0-9]*$ ]] && [ "$(readlink "/proc/$number/cwd")" = "$here" ] || return 1
  # A zombie has no current folder any more, but is asked about to be sure.
  ! grep -q '^State:[[:space:]]*[ZX]' "/proc/$number/status" 2>/dev/null
}

case $1 in
  status)
    find_ours || { echo stopped; exit 3; }
    echo "running $number"
    exit
    ;;
  start) [ -f run ] && [ -x run ] || fail 1 "$2/run is no executable file" ;;
esac

exec 9>>lock
flock 9
if [ "$1" = start ]; then
  find_ours && exit 0
  setsid ./run < /dev/null >> log 2>&1 9>&- &
  echo "$!" > pid
  exit 0
fi
if find_ours; then
  kill -s TERM "$number" 2>/dev/null
  for ((i = 0; i < 40; i++)); do
    find_ours || break
    sleep 0.05
  done
  if find_ours; then
    :
  fi
fi
rm -f pid
BASH
