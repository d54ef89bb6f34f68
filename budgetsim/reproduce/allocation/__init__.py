"""Division of a budget over sub-questions: the worlds, the rules that divide, and what comes of it."""
