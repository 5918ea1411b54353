"""Fuzzing: one table of targets, and what drives them."""
