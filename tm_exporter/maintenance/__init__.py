"""When failures are expected: windows that were planned, and those begun by hand."""
