"""Studies of memory pipelines: which tiers a trained router takes, and what aligning its two rewards changes."""
