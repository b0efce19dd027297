"""Sales by region."""
