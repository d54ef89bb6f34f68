"""Trees of plurality votes over K answers, 32 replicas a machine word: one plane for each answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from budgetsim.simulate import _bernoulli, _problems, _votes
from budgetsim.simulate._bernoulli import ALL, Coin, CoinPlanes
from budgetsim.simulate._generator import Purpose
from budgetsim.simulate._level_coins import LevelCoins
from budgetsim.simulate._walk import BLOCK, Ballots, Nodes, Said, Walker, chosen


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["answers", "casts", "others", "among", "cumulative", "levels"],
    meta_fields=[],
)
@dataclass(frozen=True, slots=True)
class AnswerTree:
    """What is played: equal leaves that give one of K answers below levels, lowest first.

    Answer ``a`` is given with ``answers[a]`` where none before it is, the last one else; ``casts`` is the chance that
    a leaf votes at all. Each holds one probability, or one for each problem drawn by ``cumulative`` thresholds.
    ``others`` draws from K answers alike in the same way, and ``among`` [K] holds 1, 1/2, ..., 1/K.
    """

    answers: tuple[Coin, ...]
    casts: Coin | None
    others: tuple[Coin, ...]
    among: Coin
    cumulative: jax.Array | None
    levels: tuple[LevelCoins, ...]

    @property
    def planes(self) -> int:
        """Planes of what one node says."""
        return len(self.answers) + 1

    def play(self, key: jax.Array, first_word: jax.Array, log_width: int, _first_drawn: jax.Array) -> jax.Array:
        """Where the root gives answer 0 [2**log_width], of the words from ``first_word`` on."""
        answers: tuple[Coin | CoinPlanes, ...] = self.answers
        casts: Coin | CoinPlanes | None = self.casts
        if self.cumulative is not None:
            problem = _problems.drawn(self.cumulative, key, first_word, log_width)
            answers = tuple(_problems.coin_planes(coin, problem) for coin in self.answers)
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
        )
        return player.root()[0]


@dataclass(frozen=True, slots=True)
class AnswerPlayer(Walker):
    """Nodes say K planes, one of them set in every replica."""

    answers: tuple[Coin | CoinPlanes, ...]
    casts: Coin | CoinPlanes | None
    others: tuple[Coin, ...]
    among: Coin

    @property
    def block(self) -> int:
        return max(1, BLOCK // (len(self.answers) + 1))

    def leaves(self, nodes: Nodes) -> Ballots:
        said = self.one_of(self.answers, Purpose.LEAF, 0, nodes)
        if self.casts is None:
            return Ballots(said, None)
        return Ballots(said, self.toss(self.casts, Purpose.ABSTENTION, 0, nodes))

    def one_of(
        self, coins: tuple[Coin | CoinPlanes, ...], purpose: Purpose, number: jax.Array | int, nodes: Nodes
    ) -> Said:
        """One answer, the first whose coin comes up; ``number`` tells levels apart."""
        open_still = jnp.full(nodes.number * self.width, ALL, jnp.uint32)
        said = []
        for index, coin in enumerate(coins):
            taken = self.toss(coin, purpose, number, nodes, index=index)
            said.append(open_still & taken)
            open_still = open_still & ~taken
        return (*said, open_still)

    def noisy(self, level: LevelCoins, number: jax.Array | int, nodes: Nodes, said: Said) -> Said:
        assert level.noise is not None
        replaced = self.toss(level.noise, Purpose.CHANNEL, number, nodes)
        return chosen(replaced, self.one_of(self.others, Purpose.REPLACEMENT, number, nodes), said)

    def tallies(self, ballots: Ballots) -> list[jax.Array]:
        return [plane if ballots.cast is None else plane & ballots.cast for plane in ballots.said]

    def elect(self, level: LevelCoins, nodes: Nodes, counts: Sequence[_votes.Planes]) -> Said:
        most = counts[0]
        for count in counts[1:]:
            (larger, _) = _votes.compare_counts(count, most)
            most = chosen(larger, tuple(count), tuple(most))
        return self.pick(tuple(_votes.compare_counts(count, most)[1] for count in counts), level.number, nodes)

    def guess(self, number: jax.Array | int, nodes: Nodes) -> Said:
        everything = jnp.full(nodes.number * self.width, ALL, jnp.uint32)
        return self.pick((everything,) * (len(self.answers) + 1), number, nodes)

    def pick(self, leaders: Said, number: jax.Array | int, nodes: Nodes) -> Said:
        """One of the leaders, each as likely: the n-th of them takes the place of the one before with 1/n."""
        # row r: where r of the answers so far are leaders
        seen = jnp.zeros((len(leaders), nodes.number * self.width), jnp.uint32).at[0].set(ALL)
        picked: list[jax.Array] = []
        for index, leads in enumerate(leaders):
            takes = leads
            if index > 0:
                chances = _bernoulli.planes(self.among, partial(_bernoulli.of_rows, seen))
                takes = leads & self.toss(chances, Purpose.TIE, number, nodes, index=index)
            picked = [*(plane & ~takes for plane in picked), takes]
            seen = (seen & ~leads) | (jnp.concatenate([jnp.zeros_like(seen[:1]), seen[:-1]]) & leads)
        return tuple(picked)

    def urn_vote(self, _level: LevelCoins, _nodes: Nodes, _deliver: Callable[[jax.Array], Ballots], /) -> Said:
        raise AssertionError("urns of answers are refused when a tree is laid out")
