# A recursive calendar and a window over the months.
cat > query.sql <<'SQL'
WITH RECURSIVE
kept AS (SELECT account, substr(at, 1, 7) AS month, cents FROM movement WHERE deleted = 0),
calendar(month, last) AS (
    SELECT min(month), max(month) FROM kept HAVING count(*) > 0
    UNION ALL
    SELECT substr(date(month || '-01', '+1 month'), 1, 7), last FROM calendar WHERE month < last
),
changes AS (SELECT account, month, sum(cents) AS change FROM kept GROUP BY account, month)
SELECT a.name AS account, c.month AS month, coalesce(changes.change, 0) AS change_cents,
       a.opening_cents + sum(coalesce(changes.change, 0)) OVER (PARTITION BY a.name ORDER BY c.month) AS balance_cents
FROM account AS a
JOIN calendar AS c ON a.closed_on IS NULL OR c.month <= substr(a.closed_on, 1, 7)
LEFT JOIN changes ON changes.account = a.name AND changes.month = c.month
ORDER BY a.name, c.month
SQL
