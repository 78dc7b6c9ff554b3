"""Reads what comes over the wire: streams, payloads, answers, headers."""
