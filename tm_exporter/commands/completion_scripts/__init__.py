"""The scripts by which shells complete the command line, one file each."""
