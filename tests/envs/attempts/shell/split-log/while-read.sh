# A loop in Bash, which is right but takes too long with many days.
cat > splitlog.sh <<'BASH'
[ $# -eq 2 ] && [ -f "$1" ] || { echo "no log" >&2; exit 1; }
[ -d "$2" ] || mkdir "$2" 2>/dev/null || { echo "no folder" >&2; exit 1; }
name=undated
while read line; do
  day=$(grep -oE '^[0-9]{4}-[0-9]{2}-[0-9]{2}( |$)' <<<"$line") && name=${day% }
  echo "$line" >> "$2/$name.log"
done < "$1"
BASH
