"""Where observations go; one file for each destination."""
