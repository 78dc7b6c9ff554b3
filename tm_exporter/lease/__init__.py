"""Who of several instances pays: one at a time, and by one account."""
