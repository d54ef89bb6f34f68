"""Trees of majority votes, 32 replicas a machine word: leaves that are right, wrong or silent, majorities, urns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate import _bernoulli, _problems, _votes
from budgetsim.simulate._bernoulli import ALL, NONE, Coin, CoinPlanes
from budgetsim.simulate._generator import Purpose
from budgetsim.simulate._level_coins import LevelCoins
from budgetsim.simulate._walk import Ballots, Nodes, Walker, chosen

Kind = Literal["fixed", "problems", "drawn"]
FAIR = _bernoulli.encode(0.5).coin


@partial(jax.tree_util.register_dataclass, data_fields=["leaf", "silent", "cumulative", "levels"], meta_fields=["kind"])
@dataclass(frozen=True, slots=True)
class Tree:
    """What is played: leaves of one kind below levels, lowest first.

    The probabilities of ``leaf``: one or one for each leaf when "fixed"; one for each problem, or [problems, leaves],
    when "problems" are drawn by ``cumulative`` thresholds; one for each replica of a call [words, 32] when "drawn".
    ``silent`` holds the abstentions: none, one coin, or two, for votes that are right and wrong; each may have a
    probability for each leaf.
    """

    leaf: Coin
    silent: tuple[Coin, ...]
    cumulative: jax.Array | None
    levels: tuple[LevelCoins, ...]
    kind: Kind

    @property
    def planes(self) -> int:
        """Planes of what one node says."""
        return 1

    def play(self, key: jax.Array, first_word: jax.Array, log_width: int, first_drawn: jax.Array) -> jax.Array:
        """Root votes [2**log_width] of the words from ``first_word`` on, row ``first_drawn`` of drawn leaves."""
        leaf: Coin | CoinPlanes = self.leaf
        masks: jax.Array | None = None
        if self.kind == "drawn":
            drawn = self.leaf.each(lambda values: lax.dynamic_slice_in_dim(values, first_drawn, 1 << log_width))
            leaf = _bernoulli.planes(drawn, _problems.packed)
        elif self.kind == "problems":
            assert self.cumulative is not None
            problem = _problems.drawn(self.cumulative, key, first_word, log_width)
            if np.ndim(self.leaf.certain) == 1:
                leaf = _problems.coin_planes(self.leaf, problem)
            else:
                masks = _problems.masks(problem, self.cumulative.shape[0])
        player = Player(
            levels=self.levels,
            key=key,
            first_word=first_word,
            log_width=log_width,
            leaf=leaf,
            silent=self.silent,
            masks=masks,
        )
        return player.root()[0]


@dataclass(frozen=True, slots=True)
class Player(Walker):
    """Nodes say one plane: "right". Where ballots may be missing, right and wrong ones are counted."""

    leaf: Coin | CoinPlanes
    silent: tuple[Coin, ...]
    masks: jax.Array | None
    """Replicas of every problem [problems, width] where leaves differ by problem."""

    def leaves(self, nodes: Nodes) -> Ballots:
        if self.masks is not None:
            assert isinstance(self.leaf, Coin)
            labels, masks = nodes.labels(), self.masks[:, None, :]
            leaf: Coin | CoinPlanes = _bernoulli.planes(
                self.leaf.each(lambda values: values[:, labels]),
                lambda bits: jnp.bitwise_or.reduce(masks & bits[:, :, None], axis=0).reshape(-1),
            )
        else:
            leaf = self.of_leaves(self.leaf, nodes)
        right = self.toss(leaf, Purpose.LEAF, 0, nodes)
        if not self.silent:
            return Ballots(right[None], None)
        silent = [
            self.toss(self.of_leaves(coin, nodes), Purpose.ABSTENTION, 0, nodes, index=index)
            for index, coin in enumerate(self.silent)
        ]
        return Ballots(right[None], ~((right & silent[0]) | (~right & silent[-1])))

    def noisy(self, level: LevelCoins, number: jax.Array | int, nodes: Nodes, said: jax.Array) -> jax.Array:
        assert level.noise is not None
        return said ^ self.toss(level.noise, Purpose.CHANNEL, number, nodes)[None]

    def tallies(self, ballots: Ballots) -> jax.Array:
        if ballots.cast is None:
            return ballots.said
        right, cast = ballots.said[0], ballots.cast
        # a loop: votes and losses are drawn once, not for both sides and every bit of their counts
        sides: jax.Array = lax.map(lambda wrong: (right ^ wrong) & cast, jnp.array([NONE, ALL]))
        return sides

    def elect(self, level: LevelCoins, nodes: Nodes, counts: _votes.Planes) -> jax.Array:
        if counts[0].shape[0] == 1:
            even = level.fan_in % 2 == 0
            return _votes.majority(counts, level.fan_in, self.guess(level.number, nodes) if even else None)
        more, tied = _votes.compare_counts(*([plane[side] for plane in counts] for side in (0, 1)))
        return (more | (tied & self.guess(level.number, nodes)[0]))[None]

    def guess(self, number: jax.Array | int, nodes: Nodes) -> jax.Array:
        return self.toss(FAIR, Purpose.TIE, number, nodes)[None]

    def urn_vote(self, level: LevelCoins, nodes: Nodes, deliver: Callable[[jax.Array], Ballots]) -> jax.Array:
        assert level.urn is not None
        urn = level.urn
        length = nodes.number * self.width
        tallied = jax.eval_shape(lambda child: self.tallies(deliver(child)), np.uint32(0)).shape[0]

        def step(child: jax.Array, state: tuple[jax.Array, list[jax.Array]]) -> tuple[jax.Array, list[jax.Array]]:
            right, counts = state
            own = self.toss(urn.own.each(lambda values: values[child]), Purpose.OWN, level.number, nodes, index=child)
            chances = _bernoulli.planes(urn.copy.each(lambda values: values[child]), partial(_bernoulli.of_rows, right))
            copied = self.toss(chances, Purpose.COPY, level.number, nodes, index=child)
            ballots = deliver(child)
            said = chosen(own, ballots.said, copied[None])
            if tallied > 1:
                counts = _votes.add(counts, [self.tallies(Ballots(said, ballots.cast))])[: len(counts)]
            one_fewer = jnp.concatenate([jnp.zeros_like(right[:1]), right[:-1]])
            return chosen(said[0], one_fewer, right), counts

        # row c: where c of the votes so far are right
        none_yet = jnp.zeros((level.fan_in + 1, length), jnp.uint32).at[0].set(ALL)
        nothing = [jnp.zeros((tallied, length), jnp.uint32)] * (level.fan_in.bit_length() if tallied > 1 else 0)
        right, counts = lax.fori_loop(0, level.fan_in, step, (none_yet, nothing))
        if tallied > 1:  # some are silent or lost
            return self.elect(level, nodes, counts)
        voted = jnp.bitwise_or.reduce(right[level.fan_in // 2 + 1 :], axis=0)
        if level.fan_in % 2 == 0:
            voted = voted | (right[level.fan_in // 2] & self.guess(level.number, nodes)[0])
        return voted[None]
