"""Walking whole trees of aggregators, 32 replicas a machine word, in memory that grows with depth alone.

The lowest levels, as many as fit into a block, are played level by level; above them one aggregator is walked after
another, depth first, and only its running counts are kept. Labels name a node's random words and depend on the tree
alone: the root is 0, and child ``j`` of node ``i`` on a level with ``n`` nodes is ``j * n + i``. So the children of
a block of nodes lie in contiguous slices, and their labels again have one stride.

What leaves say, what channels do to it and how votes are counted is left to the players of `_tree` and `_answers`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate import _bernoulli, _generator, _votes
from budgetsim.simulate._bernoulli import NONE, Coin, CoinPlanes
from budgetsim.simulate._generator import Purpose
from budgetsim.simulate._level_coins import LevelCoins

BLOCK = 2**17  # words worked on at once: they stay in the cache of a core


class Ballots(NamedTuple):
    """What is said, one plane for "right" or one for each answer [planes, nodes * width], and where it is cast.

    ``cast`` [nodes * width] is None where all is cast; what is not cast is said to nobody.
    """

    said: jax.Array
    cast: jax.Array | None


class Nodes(NamedTuple):
    """Nodes of one level: ``number`` labels from ``start`` on, ``stride`` apart."""

    start: jax.Array | np.uint32
    stride: int
    number: int

    def labels(self) -> jax.Array:
        return self.start + np.uint32(self.stride) * lax.iota(jnp.uint32, self.number)


Heard = tuple[list[jax.Array], jax.Array, jax.Array, jax.Array]
"""An aggregator after some of its children: counts, the speaker, what the last ones said, tallies not yet counted."""


@dataclass(frozen=True, slots=True)
class Walker(ABC):
    """Plays ``2**log_width`` words of replicas, the first of them ``first_word``; planes are [nodes * width]."""

    levels: tuple[LevelCoins, ...]
    key: jax.Array
    first_word: jax.Array
    log_width: int

    @abstractmethod
    def leaves(self, nodes: Nodes) -> Ballots:
        """Ballots of leaves."""

    @abstractmethod
    def noisy(self, level: LevelCoins, number: jax.Array | int, nodes: Nodes, said: jax.Array) -> jax.Array:
        """What the noise of ``level`` makes of what ``nodes`` say; the noise of relays is that of level ``number``."""

    @abstractmethod
    def tallies(self, ballots: Ballots) -> jax.Array:
        """What aggregators count [counts, nodes * width]."""

    @abstractmethod
    def elect(self, level: LevelCoins, nodes: Nodes, counts: _votes.Planes) -> jax.Array:
        """The winners of the votes that arrived, planes [counts, ...]; ties by lot, also those of no votes at all."""

    @abstractmethod
    def guess(self, number: jax.Array | int, nodes: Nodes) -> jax.Array:
        """What aggregators on level ``number`` say who heard nothing: everything as likely."""

    @abstractmethod
    def urn_vote(self, level: LevelCoins, nodes: Nodes, deliver: Callable[[jax.Array], Ballots]) -> jax.Array:
        """The aggregators' votes over what an urn makes of the children's ballots, child after child."""

    @property
    def width(self) -> int:
        return 1 << self.log_width

    @property
    def block(self) -> int:
        """Words of one plane worked on at once."""
        return BLOCK

    def root(self) -> jax.Array:
        """What the root says; who casts no ballot is taken to guess."""
        root = Nodes(np.uint32(0), 1, 1)
        return self.spoken(0, root, self.votes(len(self.levels), root))

    def spoken(self, number: jax.Array | int, nodes: Nodes, ballots: Ballots) -> jax.Array:
        """What was cast, else a guess."""
        if ballots.cast is None:
            return ballots.said
        return chosen(ballots.cast, ballots.said, self.guess(number, nodes))

    def votes(self, below: int, nodes: Nodes) -> Ballots:
        """Ballots of nodes that have ``below`` levels beneath them; aggregators always vote."""
        if below == 0:
            return self.leaves(nodes)
        level = self.levels[below - 1]
        if level.relays:

            def relay(number: jax.Array | int, ballots: Ballots) -> Ballots:
                return Ballots(self.spoken(number, nodes, self.sent(level, number, nodes, ballots)), None)

            first = relay(level.number, self.votes(below - 1, nodes))  # only leaves may be silent
            return lax.fori_loop(np.uint32(level.number + 1), np.uint32(level.number + level.relays), relay, first)  # type: ignore[no-any-return]
        if nodes.number == 1 and self.width * prod(part.fan_in for part in self.levels[:below]) > self.block:
            return Ballots(self.walk(below, nodes), None)
        received = self.received(below, self.children(below, nodes, np.uint32(0), level.fan_in))
        rows: Ballots = jax.tree.map(lambda plane: plane.reshape(*plane.shape[:-1], level.fan_in, -1), received)
        if level.urn is not None:
            return Ballots(self.urn_vote(level, nodes, lambda child: _row(rows, child)), None)
        speaker = _row(rows, 0).said
        if level.speaker is not None:

            def take(child: jax.Array, speaker: jax.Array) -> jax.Array:
                return self.speaker(level, nodes, child, speaker, _row(rows, child).said)

            speaker = lax.fori_loop(np.uint32(1), np.uint32(level.fan_in), take, speaker)
        return Ballots(self.decide(level, nodes, _votes.count(self.tallies(rows)), speaker), None)

    def children(self, below: int, nodes: Nodes, first: jax.Array | np.uint32, count: int) -> Nodes:
        """Children ``first`` ... ``first + count - 1``: of one node any, of several nodes all."""
        wide = prod(level.fan_in for level in self.levels[below:])
        stride = wide // nodes.number
        return Nodes(nodes.start + np.uint32(wide) * first, stride, nodes.number * count)

    def received(self, below: int, children: Nodes) -> Ballots:
        """What arrives from ``children``; their parents have ``below`` levels beneath them."""
        level = self.levels[below - 1]
        return self.sent(level, level.number, children, self.votes(below - 1, children))

    def sent(self, level: LevelCoins, number: jax.Array | int, nodes: Nodes, ballots: Ballots) -> Ballots:
        """What arrives of the ballots that ``nodes`` send."""
        said = ballots.said if level.noise is None else self.noisy(level, number, nodes, ballots.said)
        if level.lost is None:
            return Ballots(said, ballots.cast)
        arrives = ~self.toss(level.lost, Purpose.LOSS, number, nodes)
        return Ballots(said, arrives if ballots.cast is None else arrives & ballots.cast)

    def walk(self, below: int, node: Nodes) -> jax.Array:
        """One node, its children one after another, or leaves a block at a time."""
        level = self.levels[below - 1]
        if level.urn is not None:

            def deliver(child: jax.Array) -> Ballots:
                return self.received(below, self.children(below, node, child.astype(jnp.uint32), 1))

            return self.urn_vote(level, node, deliver)
        chunk = min(level.fan_in, max(1, self.block // self.width)) if below == 1 and level.speaker is None else 1

        def arrive(first: jax.Array | np.uint32) -> tuple[jax.Array, jax.Array]:
            received = self.received(below, self.children(below, node, first, chunk))
            asked_for = first + lax.iota(jnp.uint32, chunk) < np.uint32(level.fan_in)
            tallies = self.tallies(received)
            tallies = tallies.reshape(tallies.shape[0], chunk, self.width)
            return received.said[:, : self.width], jnp.where(asked_for[None, :, None], tallies, NONE)

        def counted(counts: list[jax.Array], tallies: jax.Array) -> list[jax.Array]:
            return _votes.add(counts, _votes.count(tallies))[: len(counts)]

        def listen(step: jax.Array, state: Heard) -> Heard:
            # The last step's votes are counted in this one: read where they are drawn, the compiler would draw them
            # again for every plane of the count.
            counts, speaker, said, tallies = state
            counts = counted(counts, tallies)
            speaker = jnp.where(step <= 1, said, speaker)
            if level.speaker is not None:
                speaker = self.speaker(level, node, jnp.maximum(step - 1, 0), speaker, said)
            return counts, speaker, *arrive(step.astype(jnp.uint32) * np.uint32(chunk))

        said, tallies = (jnp.zeros(part.shape, part.dtype) for part in jax.eval_shape(arrive, np.uint32(0)))
        nothing = [jnp.zeros_like(tallies[:, 0])] * level.fan_in.bit_length()
        steps = -(-level.fan_in // chunk)
        counts, speaker, said, tallies = lax.fori_loop(0, steps, listen, (nothing, said, said, tallies))
        if steps == 1:
            speaker = said
        elif level.speaker is not None:
            speaker = self.speaker(level, node, steps - 1, speaker, said)
        return self.decide(level, node, counted(counts, tallies), speaker)

    def decide(self, level: LevelCoins, nodes: Nodes, counts: _votes.Planes, speaker: jax.Array) -> jax.Array:
        """The aggregators' votes: the winner of what arrived, or, if anything arrived, what all children share."""
        elected = self.elect(level, nodes, counts)
        if level.share is None:
            return elected
        shared = self.toss(level.share, Purpose.SHARE, level.number, nodes)
        if counts[0].shape[0] > 1:  # else every vote arrives
            shared = shared & jnp.bitwise_or.reduce(jnp.concatenate(counts), axis=0)
        return chosen(shared, speaker, elected)

    def speaker(
        self, level: LevelCoins, nodes: Nodes, child: jax.Array | int, so_far: jax.Array, said: jax.Array
    ) -> jax.Array:
        """One of the children up to ``child``, each as likely."""
        assert level.speaker is not None
        coin = level.speaker.each(lambda values: values[child])
        return chosen(self.toss(coin, Purpose.SPEAKER, level.number, nodes, index=child), said, so_far)

    def of_leaves(self, coin: Coin | CoinPlanes, nodes: Nodes) -> Coin | CoinPlanes:
        """The coin of every leaf, if leaves differ."""
        if isinstance(coin, CoinPlanes) or np.ndim(coin.certain) == 0:
            return coin
        labels = nodes.labels()
        return coin.each(lambda values: jnp.repeat(values[labels], self.width))

    def toss(
        self,
        coin: Coin | CoinPlanes,
        purpose: Purpose,
        level: jax.Array | int,
        nodes: Nodes,
        *,
        index: jax.Array | int = 0,
    ) -> jax.Array:
        """Coins of every node and replica."""
        place = lax.iota(jnp.uint32, nodes.number * self.width)
        node = nodes.start + np.uint32(nodes.stride) * (place >> np.uint32(self.log_width))
        word = self.first_word + (place & np.uint32(self.width - 1))

        def draw(number: int) -> _generator.Block:
            return _generator.block(self.key, purpose, level, node, word, number, index=index)

        return _bernoulli.toss(coin, draw, place.shape[0])


def chosen(where: jax.Array, these: jax.Array, others: jax.Array) -> jax.Array:
    """``these`` [..., words] where the bits of ``where`` [words] are set, else ``others``."""
    where = where.reshape((1,) * (these.ndim - 1) + where.shape)
    return (where & these) | (~where & others)


def _row(rows: Ballots, child: jax.Array | int) -> Ballots:
    row: Ballots = jax.tree.map(lambda plane: plane[..., child, :], rows)
    return row
