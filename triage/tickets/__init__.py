"""Tickets: opened by `service`, read by `queries`."""
