"""Invoices in cents that accounting agrees with."""
