"""How we speak to others: one fresh, timed connection for each request."""
