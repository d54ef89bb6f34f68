"""Simulated studies of when to stop: tokens told in a prompt, checkpoints of a chain of thought, calls of tools."""
