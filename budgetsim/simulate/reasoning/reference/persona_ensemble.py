"""Twin of `budgetsim.simulate.reasoning.PersonaEnsemble`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.answers import PERSONA
from budgetsim.simulate.reasoning.policies.persona_ensemble import PersonaEnsemble
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk


def play(policy: PersonaEnsemble, desk: Desk) -> int:
    """Everybody in turn; a plurality."""
    votes: list[int] = []
    for number in range(policy.samples):
        call = desk.ask(ROOT, PERSONA + number % policy.personas)
        answer = None if call is None else desk.answer(call.node)
        if answer is None:
            break
        votes.append(answer)
    return desk.plurality(votes)
