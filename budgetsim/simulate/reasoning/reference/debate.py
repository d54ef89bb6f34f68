"""Twin of `budgetsim.simulate.reasoning.Debate`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.debates import DEBATER
from budgetsim.simulate.reasoning.policies.debate import Debate
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk


def play(policy: Debate, desk: Desk) -> int:
    """Round after round; a plurality of what everybody said last."""
    nodes = [ROOT] * policy.agents
    said = [-1] * policy.agents
    for _ in range(policy.rounds):
        for agent in range(policy.agents):
            call = desk.ask(nodes[agent], DEBATER)
            answer = None if call is None else desk.answer(call.node)
            if call is None or answer is None:
                return desk.plurality([answer for answer in said if answer >= 0])
            nodes[agent], said[agent] = call.node, answer
    return desk.plurality([answer for answer in said if answer >= 0])
