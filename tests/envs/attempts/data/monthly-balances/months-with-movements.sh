# Only months in which something moved have rows.
cat > query.sql <<'SQL'
WITH calendar AS (SELECT DISTINCT substr(at, 1, 7) AS month FROM movement WHERE deleted = 0),
change AS (SELECT account, substr(at, 1, 7) AS month, SUM(cents) AS cents FROM movement WHERE deleted = 0 GROUP BY 1, 2)
SELECT a.name AS account, c.month AS month, COALESCE(h.cents, 0) AS change_cents,
  a.opening_cents + SUM(COALESCE(h.cents, 0)) OVER (PARTITION BY a.name ORDER BY c.month) AS balance_cents
FROM account a CROSS JOIN calendar c LEFT JOIN change h ON h.account = a.name AND h.month = c.month
WHERE a.closed_on IS NULL OR c.month <= substr(a.closed_on, 1, 7) ORDER BY 1, 2
SQL
