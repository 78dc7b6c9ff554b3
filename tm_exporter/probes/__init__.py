"""What a user of inference would do; one file for each kind."""
