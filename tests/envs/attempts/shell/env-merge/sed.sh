# Values are put in by sed, which reads & and backslashes its own way.
cat > envmerge.sh <<'BASH'
[ $# -eq 2 ] && [ -f "$1" ] && [ -f "$2" ] || { echo "can't read" >&2; exit 1; }
text=$(cat -- "$1")
while IFS='=' read -r key value; do
  [[ $key =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || continue
  if grep -q "^$key=" <<<"$text"; then
    text=$(sed "s|^$key=.*|$key=$value|" <<<"$text")
  else
    text+=$'\n'"$key=$value"
  fi
done < "$2"
printf '%s\n' "$text"
BASH
