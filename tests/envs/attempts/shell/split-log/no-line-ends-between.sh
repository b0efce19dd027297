# What is appended runs into the last line that was there.
cat > splitlog.sh <<'BASH'
#!/bin/bash
# splitlog.sh LOG OUT: append the entries of LOG to one file for each day in OUT.
set -uo pipefail
export LC_ALL=C

fail() { printf 'splitlog.sh: %s\n' "$1" >&2; exit 1; }

[ $# -eq 2 ] && [ -f "$1" ] && [ -r "$1" ] || fail "usage: splitlog.sh LOG OUT, LOG being a regular file"
exec < "$1"
[ -d "$2" ] || { [ ! -e "$2" ] && [ ! -L "$2" ] && mkdir -- "$2"; } || fail "can't make the folder $2"
cd -- "$2" || exit 1

# Only the files that are there already can lack a line end.
ragged=
for name in ./*.log; do
  [[ $name =~ ^\./([0-9]{4}-[0-9]{2}-[0-9]{2}|undated)\.log$ ]] && [ -s "$name" ] && [ -n "$(tail -c 1 "$name")" ] && ragged+="$name "
done

# Files are closed after each entry, since awk may not have as many open as there are days.
ragged=$ragged awk '
  BEGIN { for (i = split(ENVIRON["ragged"], names, " "); i; i--) ragged[names[i]] }
  /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]( |$)/ { turn("./" substr($0, 1, 10) ".log") }
  file == "" { turn("./undated.log") }
  { print >> file }
  function turn(next_file) {
    if (next_file == file) return
    if (file != "") close(file)
    file = next_file
    
    delete ragged[file]
  }
'
BASH
