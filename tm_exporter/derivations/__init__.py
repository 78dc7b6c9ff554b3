"""What follows from an observation together with what was seen before."""
