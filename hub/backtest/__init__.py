"""Candidate rules over consented history: what they would have proposed, against what the active rules would have."""
