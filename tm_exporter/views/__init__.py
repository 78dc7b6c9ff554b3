"""What people are shown of what was measured: states, histories and transcripts."""
