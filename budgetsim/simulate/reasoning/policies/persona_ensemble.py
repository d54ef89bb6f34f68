"""An ensemble of personas: each is asked in turn, and the answers are votes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.answers import PERSONA
from budgetsim.simulate.reasoning.ballots import ballot, plurality
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.asking import NOBODY, ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policies.chains import MOST
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


class EnsembleState(NamedTuple):
    """Calls made and the votes that came of them."""

    asked: jax.Array  # int32
    pending: jax.Array  # call to be read, or NOBODY
    votes: jax.Array  # int32 [answers, problems]


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("personas", "samples"))
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaEnsemble:
    """Ask one persona after the other, beginning again after the last; the answer with the most votes, ties at random.

    Parameters
    ----------
    personas
        Personas that take turns, 1 ... 2**20; a world that has fewer asks its own again.
    samples
        Calls in all, 1 ... 2**20.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived from *Unleashing the Emergent Cognitive Synergy in Large Language Models: A Task-Solving Agent through
    Multi-Persona Self-Collaboration*, Zhenhailong Wang et al., arXiv 2307.05300, whose personas share one call: here
    every persona has a call of its own.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnswerWorld, PersonaEnsemble, simulate_strategy
    >>> world = AnswerWorld(chain_spread=0.0, persona_tokens=50)
    >>> simulate_strategy(world, PersonaEnsemble(samples=3), 4000, problems=64, seed=1).largest
    (600, 600, 3, 0)
    """

    personas: int = 4
    samples: int = 8

    def __post_init__(self) -> None:
        check_numbers(
            self,
            ("personas", "samples"),
            f"a whole number in 1 ... {MOST}",
            lambda value: 1 <= value <= MOST and value % 1 == 0,
        )

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> EnsembleState:
        """Nobody asked."""
        del slots
        zero = jnp.zeros((problems,), jnp.int32)
        return EnsembleState(zero, zero + NOBODY, jnp.zeros((answers, problems), jnp.int32))

    def choose(self, uniform: Uniforms, view: View, state: EnsembleState) -> Choice:
        """Ask whose turn it is."""
        del uniform
        hint = PERSONA + state.asked % self.personas
        return ask_or_read(view, state.pending, jnp.zeros_like(state.asked), hint, state.asked >= self.samples)

    def update(self, view: View, state: EnsembleState, event: Event) -> EnsembleState:
        """Count the vote."""
        del view
        return EnsembleState(
            asked=state.asked + (event.made & (event.kind == EXPAND)),
            pending=waiting(state.pending, event),
            votes=state.votes + jnp.where(read(event), ballot(event.answer, state.votes.shape[0]), 0),
        )

    def answer(self, uniform: Uniforms, view: View, state: EnsembleState) -> jax.Array:
        """A plurality of the votes so far."""
        del view
        return plurality(uniform[0], state.votes)
