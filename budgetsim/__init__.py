"""budgetsim: which organization of LLM calls spends a fixed inference budget best, and how sure can one be?

Public names live in their rooms: ``from budgetsim.theory import phase``. Importing this package loads
neither JAX nor matplotlib.
"""

__version__ = "0.1.0"
