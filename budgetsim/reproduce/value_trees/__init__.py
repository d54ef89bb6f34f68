"""What simulated worlds say about value trees."""
