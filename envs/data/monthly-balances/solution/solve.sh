#!/bin/bash
set -euo pipefail
cat > query.sql <<'SQL'
WITH RECURSIVE
span AS (
  SELECT MIN(substr(at, 1, 7)) AS first, MAX(substr(at, 1, 7)) AS last FROM movement WHERE deleted = 0
),
calendar(month) AS (
  SELECT first FROM span WHERE first IS NOT NULL
  UNION ALL
  SELECT strftime('%Y-%m', calendar.month || '-01', '+1 month') FROM calendar, span WHERE calendar.month < span.last
),
change AS (
  SELECT account, substr(at, 1, 7) AS month, SUM(cents) AS cents
  FROM movement
  WHERE deleted = 0
  GROUP BY account, substr(at, 1, 7)
)
SELECT
  account.name AS account,
  calendar.month AS month,
  COALESCE(change.cents, 0) AS change_cents,
  account.opening_cents
    + SUM(COALESCE(change.cents, 0)) OVER (PARTITION BY account.name ORDER BY calendar.month) AS balance_cents
FROM account
CROSS JOIN calendar
LEFT JOIN change ON change.account = account.name AND change.month = calendar.month
WHERE account.closed_on IS NULL OR calendar.month <= substr(account.closed_on, 1, 7)
ORDER BY account.name, calendar.month
SQL
