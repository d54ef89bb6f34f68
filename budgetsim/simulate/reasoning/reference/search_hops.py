"""Multi-hop questions in plain Python, for strategies that search: places are remembered by hops or by node."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from budgetsim.simulate.reasoning.hops import HopWorld
from budgetsim.simulate.reasoning.reference.desk import Costs
from budgetsim.simulate.reasoning.reference.stepwise import Numbers

F = np.float32
WIDEN = 1


@dataclass
class PlainState:
    """Where a trajectory stands."""

    made: int = 0
    misled: bool = False
    last: str | None = None
    tried: str | None = None
    length: int = 0


@dataclass
class SearchedQuestion:
    """One question of a `HopWorld`."""

    world: HopWorld
    hops: int
    progress: np.float32
    seen: dict[tuple[int, bool], str] = field(default_factory=dict)

    def root(self) -> PlainState:
        """No hop made."""
        return PlainState()

    def step(
        self, uniform: Numbers, state: PlainState, hint: int
    ) -> tuple[PlainState, bool, Costs, Callable[[], None]]:
        """One search from a place."""
        world, place = self.world, (min(state.made, 8), state.misled)
        before = state.tried if world.repeat_by == "node" else self.seen.get(place)
        repeat = world.repeat_widened if hint == WIDEN else world.repeat
        if before is not None and uniform[0] < F(repeat):
            outcome = before
        else:
            stuck = state.misled and uniform[3] < F(world.trapped)
            chance = F(0.0) if stuck else self.progress * (F(1.0) - F(world.misleading))
            if uniform[1] < F(world.misleading):
                outcome = "misleading"
            elif uniform[1] < F(world.misleading) + chance:
                outcome = "progress"
            else:
                outcome = "redundant"
        written = _tokens(uniform[4], world.step_tokens)
        child = PlainState(
            made=state.made + (outcome == "progress"),
            misled=state.misled or outcome == "misleading",
            last=outcome,
            length=state.length + written,
        )
        ends = child.made >= self.hops or bool(uniform[2] < F(world.early_stop))

        def settle() -> None:
            self.seen[place] = outcome
            state.tried = outcome

        return child, ends, (self._prompt(state) + world.demonstration_tokens, written, world.step_calls), settle

    def critic(self, uniform: Numbers, state: PlainState, child: PlainState) -> tuple[float, float, Costs]:
        """Relative progress as the critic sees it, and an absolute score that knows the hops made."""
        world = self.world
        fooled = child.last == "misleading" and uniform[0] < F(world.fooled)
        missed = -2.0 if child.last == "misleading" else -0.5
        true = 7.0 / self.hops if child.last == "progress" or fooled else missed
        delta = np.round(true + world.critic_bias + world.critic_noise * ndtri(float(uniform[1]) + 2.0**-25))
        apparent = child.last != "redundant"
        level = 5.5 + 0.25 * (state.made + apparent) * 7.0 / self.hops
        score = np.clip(level + world.absolute_noise * ndtri(float(uniform[2]) + 2.0**-25), 1.0, 10.0) / 10.0
        costs = (self._prompt(child), _tokens(uniform[3], world.critic_tokens), 0)
        return float(np.clip(delta, -4.0, 4.0)), float(score), costs

    def answer(self, uniform: Numbers, state: PlainState) -> tuple[int, Costs]:
        """Right if enough uncontaminated hops were made, by luck sometimes; else a wrong answer."""
        read = self._prompt(state) + self.world.demonstration_tokens
        costs = (read, _tokens(uniform[3], self.world.answer_tokens), 0)
        lucky = uniform[0] < F(self.world.lucky) * F(state.made)
        if not state.misled and (state.made >= self.hops or lucky):
            return 0, costs
        if uniform[1] < F(0.6):
            return 1, costs
        return min(1 + math.floor(uniform[2] * F(6.0)), 6), costs

    def _prompt(self, state: PlainState) -> int:
        return self.world.prompt_tokens + math.floor(F(self.world.resent) * F(state.length))


def _tokens(uniform: np.float32, low_high: tuple[int, int]) -> int:
    low, high = low_high
    return min(low + math.floor(uniform * F(high - low)), high - 1)
