"""One problem of `budgetsim.simulate.reasoning.AnytimeWorld`, in plain Python, and twins of the stopping rules."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from budgetsim.simulate.reasoning.anytime_quality import BEYOND, AnytimeWorld
from budgetsim.simulate.reasoning.policies.fixed_stop import FixedStop
from budgetsim.simulate.reasoning.policies.oracle_stop import OracleStop
from budgetsim.simulate.reasoning.policies.price_stop import PriceStop
from budgetsim.simulate.reasoning.policies.relative_gain_stop import RelativeGainStop
from budgetsim.simulate.reasoning.reference.desk import ROOT, Costs, Desk, Judged, Made, Uniform
from budgetsim.simulate.reasoning.result import BLOCK
from budgetsim.simulate.reasoning.world import KEEP

NORMAL = NormalDist()

Looks = list[tuple[int, float]]
"""Tokens of the last step and quality seen, at every checkpoint reached."""


class PlainAnytime:
    """A problem with its qualities, its best checkpoint and its threshold; the state is the checkpoint reached."""

    delicate = False

    def __init__(self, world: AnytimeWorld, quality: list[float], best: int, threshold: float) -> None:
        self.world, self.quality, self.best, self.threshold = world, quality, best, threshold
        self.root = -1
        self.memory: Any = None

    def step(self, uniform: Uniform, state: int, hint: int) -> Made:
        """On to the next checkpoint."""
        del uniform, hint
        now, places = state + 1, (0, *self.world.checkpoints)
        if now == len(self.quality):
            return Made(None, state, False, (0, BEYOND, 1))
        return Made(None, now, now == self.best, (0, places[now + 1] - places[now], 1))

    def critic(self, uniform: Uniform, state: int, child: int) -> Judged:
        """The quality with noise."""
        del state
        seen = self.quality[child] + self.world.noise * NORMAL.inv_cdf(uniform[0] + 2.0**-25)
        return Judged(seen, seen, (0, self.world.critic_tokens, 0))

    def answer(self, uniform: Uniform, state: int) -> tuple[int, Costs]:
        """Right where the quality is above the threshold."""
        del uniform
        if state < 0:
            return -1, (0, 0, 0)
        return 0 if self.threshold < self.quality[state] else 1, (0, self.world.answer_tokens, 0)


def plain_anytime(world: AnytimeWorld, seed: int, problems: int) -> list[PlainAnytime]:
    """The first problems that the engine would draw."""
    quality, best, threshold = (np.asarray(part) for part in world.problems(seed, 0, BLOCK))
    return [
        PlainAnytime(world, quality[:, index].tolist(), int(best[index]), float(threshold[index]))
        for index in range(problems)
    ]


def fixed_stop(policy: FixedStop, desk: Desk) -> int:
    """So many checkpoints."""
    return _think(desk, lambda looks, _: len(looks) >= policy.checkpoint, keeps_best=False)


def relative_gain_stop(policy: RelativeGainStop, desk: Desk) -> int:
    """Until a gain is small."""

    def small(looks: Looks, ends: bool) -> bool:
        del ends
        if len(looks) < 2 or looks[-2][1] <= 0.0:
            return False
        gain = (looks[-1][1] - looks[-2][1]) / looks[-2][1]
        _mark(desk, gain, policy.threshold)
        return gain < policy.threshold

    return _think(desk, small, keeps_best=True)


def price_stop(policy: PriceStop, desk: Desk) -> int:
    """Until a gain is not worth its tokens."""

    def dear(looks: Looks, ends: bool) -> bool:
        del ends
        before = max((seen for _, seen in looks[:-1]), default=0.0)
        gain = max(looks[-1][1] - before, 0.0)
        if policy.price > 0.0:  # what costs nothing is never too dear, however it is rounded
            _mark(desk, gain, policy.price * looks[-1][0])
        return gain < policy.price * looks[-1][0]

    return _think(desk, dear, keeps_best=True)


def oracle_stop(policy: OracleStop, desk: Desk) -> int:
    """Until the world says so."""
    del policy
    return _think(desk, lambda _, ends: ends, keeps_best=False)


def _think(desk: Desk, rule: Callable[[Looks, bool], bool], *, keeps_best: bool) -> int:
    looks: Looks = []
    node, held = ROOT, -1
    while True:
        before = desk.spent[1]
        child = desk.ask(node, KEEP, judged=keeps_best)
        if child is None:
            return held
        node = child.node
        looks.append((desk.spent[1] - before, child.points))
        answer = desk.answer(node)
        if answer is None:
            return held
        best = max((seen for _, seen in looks[:-1]), default=-np.inf)
        if not keeps_best or child.points > best:
            held = answer
        if rule(looks, child.ends):
            return held


def _mark(desk: Desk, number: float, limit: float) -> None:
    """A comparison that 24 bits might decide otherwise."""
    desk.world.delicate |= abs(number - limit) < 1e-5
