"""Puts together from the configuration what is to run."""
