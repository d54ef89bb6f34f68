"""Slow, readable twins of worlds and strategies: one problem at a time, in plain Python, given the same draws."""
