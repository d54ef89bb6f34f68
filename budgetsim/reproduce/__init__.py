"""Systems of the literature: their claims beside what comes out here.

``claim``
    one claim: what is reported, what comes out here, the verdict
``verdicts``
    claims whose verdict follows from the numbers by a stated rule
``registry``
    the systems by name; running one
``tables``
    claims as text, Markdown and JSON
``pages``
    the pages of ``papers/``, their tables made from results
"""

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.registry import command, reproduce, systems, write

__all__ = ["Claim", "command", "reproduce", "systems", "write"]
