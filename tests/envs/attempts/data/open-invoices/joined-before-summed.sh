# Items and payments are joined with each other, so that sums are multiplied.
cat > query.sql <<'SQL'
SELECT COALESCE(NULLIF(TRIM(c.name), ''), '(no name)') AS customer, COUNT(DISTINCT i.id) AS invoices,
  SUM(t.quantity * t.cents) - COALESCE(SUM(p.cents), 0) AS open_cents, MIN(i.due_on) AS oldest_due_on
FROM customer c JOIN invoice i ON i.customer_id = c.id LEFT JOIN invoice_item t ON t.invoice_id = i.id
LEFT JOIN payment p ON p.invoice_id = i.id AND p.state = 'booked'
WHERE i.voided_at IS NULL AND i.due_on < '2024-06-01'
GROUP BY c.id HAVING open_cents > 0 ORDER BY open_cents DESC, c.id
SQL
