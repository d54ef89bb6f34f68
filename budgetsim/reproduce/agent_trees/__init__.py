"""What simulated trees of agents show: experiments, each with what it measures and what it claims.

An experiment is a module with ``measure(draws) -> Curves``, which knows the simulator alone, and
``claims(curves) -> Iterator[Claim]``, which holds what was measured against the closed forms. So claims and figures
can be made again from stored curves without a draw.
"""
