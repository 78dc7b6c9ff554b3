"""Probes that run once, because somebody asks for it."""
