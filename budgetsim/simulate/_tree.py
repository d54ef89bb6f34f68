"""Trees of majority votes, 32 replicas a machine word: leaves that are right, wrong or silent, majorities, urns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate import _bernoulli, _problems, _votes
from budgetsim.simulate._bernoulli import ALL, Coin, CoinPlanes
from budgetsim.simulate._generator import Purpose
from budgetsim.simulate._level_coins import LevelCoins
from budgetsim.simulate._walk import Ballots, Nodes, Said, Walker

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
            return Ballots((right,), None)
        silent = [
            self.toss(self.of_leaves(coin, nodes), Purpose.ABSTENTION, 0, nodes, index=index)
            for index, coin in enumerate(self.silent)
        ]
        return Ballots((right,), ~((right & silent[0]) | (~right & silent[-1])))

    def noisy(self, level: LevelCoins, number: jax.Array | int, nodes: Nodes, said: Said) -> Said:
        assert level.noise is not None
        return (said[0] ^ self.toss(level.noise, Purpose.CHANNEL, number, nodes),)

    def tallies(self, ballots: Ballots) -> list[jax.Array]:
        (right,) = ballots.said
        return [right] if ballots.cast is None else [right & ballots.cast, ~right & ballots.cast]

    def elect(self, level: LevelCoins, nodes: Nodes, counts: Sequence[_votes.Planes]) -> Said:
        if len(counts) == 1:
            even = level.fan_in % 2 == 0
            tie = self.toss(FAIR, Purpose.TIE, level.number, nodes) if even else None
            return (_votes.majority(counts[0], level.fan_in, tie),)
        more, even_votes = _votes.compare_counts(*counts)
        return (more | (even_votes & self.toss(FAIR, Purpose.TIE, level.number, nodes)),)

    def guess(self, number: jax.Array | int, nodes: Nodes) -> Said:
        return (self.toss(FAIR, Purpose.TIE, number, nodes),)

    def urn_vote(self, level: LevelCoins, nodes: Nodes, deliver: Callable[[jax.Array], Ballots]) -> Said:
        assert level.urn is not None
        urn = level.urn
        length = nodes.number * self.width
        nobody = jnp.zeros(length, jnp.uint32)
        gaps = jax.eval_shape(deliver, np.int32(0)).cast is not None

        def step(
            child: jax.Array, state: tuple[jax.Array, list[list[jax.Array]]]
        ) -> tuple[jax.Array, list[list[jax.Array]]]:
            right, counts = state
            own = self.toss(urn.own.each(lambda values: values[child]), Purpose.OWN, level.number, nodes, index=child)
            chances = _bernoulli.planes(urn.copy.each(lambda values: values[child]), partial(_bernoulli.of_rows, right))
            copied = self.toss(chances, Purpose.COPY, level.number, nodes, index=child)
            ballots = deliver(child)
            said = (own & ballots.said[0]) | (~own & copied)
            if gaps:
                tallies = self.tallies(Ballots((said,), ballots.cast))
                counts = [
                    _votes.add(count, [tally])[: len(count)] for count, tally in zip(counts, tallies, strict=True)
                ]
            one_fewer = jnp.concatenate([jnp.zeros_like(right[:1]), right[:-1]])
            return (right & ~said) | (one_fewer & said), counts

        # row c: where c of the votes so far are right
        none_yet = jnp.zeros((level.fan_in + 1, length), jnp.uint32).at[0].set(ALL)
        nothing = [[nobody] * level.fan_in.bit_length() for _ in range(2 * gaps)]
        right, counts = lax.fori_loop(0, level.fan_in, step, (none_yet, nothing))
        if gaps:
            return self.elect(level, nodes, counts)
        voted = jnp.bitwise_or.reduce(right[level.fan_in // 2 + 1 :], axis=0)
        if level.fan_in % 2 == 0:
            voted = voted | (right[level.fan_in // 2] & self.toss(FAIR, Purpose.TIE, level.number, nodes))
        return (voted,)
