# The usual loop, which breaks on names with spaces and does not look for higher numbers.
cat > rotate.sh <<'BASH'
[ $# -eq 2 ] || { echo usage >&2; exit 2; }
[[ $2 =~ ^[0-9]+$ ]] || { echo usage >&2; exit 2; }
[ -f "$1" ] || { echo missing >&2; exit 1; }
[ -s "$1" ] || exit 0
for ((i = $2 - 1; i >= 1; i--)); do
  [ -f $1.$i ] && mv $1.$i $1.$((i + 1))
done
[ $2 -gt 0 ] && cp $1 $1.1
> $1
exit 0
BASH
