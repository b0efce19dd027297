# Attaches a file instead of reading.
echo "ATTACH DATABASE 'x.db' AS x" > query.sql
