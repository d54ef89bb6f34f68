"""Learning-rate profiles on noisy quadratics: every rate tuned with the same effort, compared in the same noise."""
