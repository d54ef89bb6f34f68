"""Closed forms: pure functions of floats, NumPy arrays or JAX arrays.

Importing this room, or any module of it, loads neither JAX nor pandas nor matplotlib.

``majority``
    the map from the bias of one vote to the bias of a majority of them, its slope and derivative
``phase``
    trees of majorities: amplification, thresholds, fixed point, mixing depths
"""
