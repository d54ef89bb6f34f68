"""Trees of plurality votes over K answers, 32 replicas a machine word: one plane for each answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate import _bernoulli, _problems, _votes
from budgetsim.simulate._bernoulli import ALL, Coin, CoinPlanes
from budgetsim.simulate._generator import Purpose
from budgetsim.simulate._level_coins import LevelCoins
from budgetsim.simulate._walk import BLOCK, Ballots, Nodes, Walker, chosen


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["answers", "casts", "others", "among", "cumulative", "levels"],
    meta_fields=[],
)
@dataclass(frozen=True, slots=True)
class AnswerTree:
    """What is played: equal leaves that give one of K answers below levels, lowest first.

    Answer ``a`` is given with ``answers[a]`` where none before it is, the last one else [K - 1]; ``casts`` is the
    chance that a leaf votes at all. Each holds one probability, or one for each problem drawn by ``cumulative``
    thresholds. ``others`` [K - 1] draws from K answers alike in the same way, and ``among`` [K] holds 1, 1/2 ... 1/K.
    """

    answers: Coin
    casts: Coin | None
    others: Coin
    among: Coin
    cumulative: jax.Array | None
    levels: tuple[LevelCoins, ...]

    @property
    def planes(self) -> int:
        """Planes of what one node says."""
        return int(np.shape(self.among.certain)[0])

    def play(self, key: jax.Array, first_word: jax.Array, log_width: int, _first_drawn: jax.Array) -> jax.Array:
        """Where the root gives answer 0 [2**log_width], of the words from ``first_word`` on."""
        answers: Coin | CoinPlanes = self.answers
        casts: Coin | CoinPlanes | None = self.casts
        if self.cumulative is not None:
            problem = _problems.drawn(self.cumulative, key, first_word, log_width)
            by_answer: CoinPlanes = lax.map(
                lambda answer: _problems.coin_planes(self.answers.each(lambda values: values[answer]), problem),
                lax.iota(jnp.int32, self.planes - 1),
            )
            answers = replace(by_answer, shared=self.answers.shared)
            casts = None if self.casts is None else _problems.coin_planes(self.casts, problem)
        player = AnswerPlayer(
            levels=self.levels,
            key=key,
            first_word=first_word,
            log_width=log_width,
            answers=answers,
            casts=casts,
            others=self.others,
            among=self.among,
            planes=self.planes,
        )
        return player.root()[0]


@dataclass(frozen=True, slots=True)
class AnswerPlayer(Walker):
    """Nodes say K planes, one of them set in every replica. Loops over answers keep the kernel small."""

    answers: Coin | CoinPlanes
    casts: Coin | CoinPlanes | None
    others: Coin
    among: Coin
    planes: int

    @property
    def block(self) -> int:
        return max(1, BLOCK // self.planes)

    def leaves(self, nodes: Nodes) -> Ballots:
        length = nodes.number * self.width
        nothing, everywhere = jnp.zeros((self.planes, length), jnp.uint32), jnp.full(length, ALL, jnp.uint32)
        said = self.answer(self.answers, Purpose.LEAF, 0, nodes, nothing, everywhere)
        if self.casts is None:
            return Ballots(said, None)
        return Ballots(said, self.toss(self.casts, Purpose.ABSTENTION, 0, nodes))

    def answer(
        self,
        coins: Coin | CoinPlanes,
        purpose: Purpose,
        number: jax.Array | int,
        nodes: Nodes,
        said: jax.Array,
        anew: jax.Array,
    ) -> jax.Array:
        """What is ``said``, but one answer ``anew`` where asked: the first whose coin comes up, else the last.

        The loop reads and changes ``said`` at once: what its coins decide is drawn once, not for every plane that
        reads it.
        """

        def step(answer: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            said, open_still = state
            coin = coins.each(lambda values: values[answer])
            taken = open_still & self.toss(coin, purpose, number, nodes, index=answer)
            said = said.at[answer].set((said[answer] & ~anew) | taken)
            return said.at[-1].set(said[-1] & ~taken), open_still & ~taken

        start = (said.at[-1].set(said[-1] | anew), anew)
        answered: jax.Array = lax.fori_loop(0, self.planes - 1, step, start)[0]
        return answered

    def noisy(self, level: LevelCoins, number: jax.Array | int, nodes: Nodes, said: jax.Array) -> jax.Array:
        assert level.noise is not None
        replaced = self.toss(level.noise, Purpose.CHANNEL, number, nodes)
        return self.answer(self.others, Purpose.REPLACEMENT, number, nodes, said, replaced)

    def tallies(self, ballots: Ballots) -> jax.Array:
        said, cast = ballots
        if cast is None:
            return said
        # a loop, for the same reason: losses are drawn once, not for every plane and every bit of its count
        tallied: jax.Array = lax.map(lambda plane: plane & cast, said)
        return tallied

    def elect(self, level: LevelCoins, nodes: Nodes, counts: _votes.Planes) -> jax.Array:
        def larger(answer: jax.Array, most: list[jax.Array]) -> list[jax.Array]:
            count = [plane[answer] for plane in counts]
            more, _ = _votes.compare_counts(count, most)
            return [chosen(more, one, other) for one, other in zip(count, most, strict=True)]

        most = lax.fori_loop(1, self.planes, larger, [plane[0] for plane in counts])
        leads = jnp.full_like(counts[0], ALL)
        for plane, of_most in zip(counts, most, strict=True):
            leads = leads & ~(plane ^ of_most[None])
        return self.pick(leads, level.number, nodes)

    def guess(self, number: jax.Array | int, nodes: Nodes) -> jax.Array:
        return self.pick(jnp.full((self.planes, nodes.number * self.width), ALL, jnp.uint32), number, nodes)

    def pick(self, leads: jax.Array, number: jax.Array | int, nodes: Nodes) -> jax.Array:
        """One of the leaders [K, ...], each as likely: the n-th of them takes the place of the one before with 1/n."""

        def step(answer: jax.Array, state: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            picked, before = state
            chances = _bernoulli.planes(self.among, partial(_bernoulli.of_rows, before))
            takes = leads[answer] & self.toss(chances, Purpose.TIE, number, nodes, index=answer)
            one_more = jnp.concatenate([jnp.zeros_like(before[:1]), before[:-1]])
            return (picked & ~takes[None]).at[answer].set(takes), chosen(leads[answer], one_more, before)

        # row r: where r of the answers before are leaders
        none_yet = jnp.zeros_like(leads).at[0].set(ALL)
        picked: jax.Array = lax.fori_loop(0, self.planes, step, (jnp.zeros_like(leads), none_yet))[0]
        return picked

    def urn_vote(self, _level: LevelCoins, _nodes: Nodes, _deliver: Callable[[jax.Array], Ballots], /) -> jax.Array:
        raise AssertionError("urns of answers are refused when a tree is laid out")
