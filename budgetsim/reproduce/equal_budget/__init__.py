"""Simulated strategies at equal budgets: who is ahead at which budget, and what decides it."""
