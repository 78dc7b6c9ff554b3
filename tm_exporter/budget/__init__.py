"""What paid requests may cost, and what they did cost."""
