#!/bin/bash
set -euo pipefail
cat > query.sql <<'SQL'
WITH paid AS (
  SELECT payment.invoice_id, SUM(payment.cents) AS cents
  FROM payment
  WHERE payment.state = 'booked'
  GROUP BY payment.invoice_id
),
item AS (
  SELECT invoice_id, SUM(quantity * cents) AS cents FROM invoice_item GROUP BY invoice_id
),
owed AS (
  SELECT
    invoice.customer_id,
    COALESCE(item.cents, 0) - COALESCE(paid.cents, 0) AS open_cents,
    invoice.due_on
  FROM invoice
  LEFT JOIN item ON item.invoice_id = invoice.id
  LEFT JOIN paid ON paid.invoice_id = invoice.id
  WHERE invoice.voided_at IS NULL AND invoice.due_on < '2024-06-01'
)
SELECT
  COALESCE(NULLIF(TRIM(customer.name), ''), '(no name)') AS customer,
  COUNT(*) AS invoices,
  SUM(owed.open_cents) AS open_cents,
  MIN(owed.due_on) AS oldest_due_on
FROM owed
JOIN customer ON customer.id = owed.customer_id
WHERE owed.open_cents > 0
GROUP BY customer.id
ORDER BY open_cents DESC, customer.id
SQL
