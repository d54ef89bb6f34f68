"""The kernel: whole trees of majority votes, 32 replicas a machine word, in memory that grows with depth alone.

The lowest levels, as many as fit into a block, are played level by level; above them one aggregator is walked after
another, depth first, and only its running count is kept. Labels name a node's random words and depend on the tree
alone: the root is 0, and child ``j`` of node ``i`` on a level with ``n`` nodes is ``j * n + i``. So the children of
a block of nodes lie in contiguous slices, and their labels again have one stride.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate import _bernoulli, _generator, _votes
from budgetsim.simulate._bernoulli import ALL, NONE, WORD, Coin, CoinPlanes
from budgetsim.simulate._generator import Purpose

BLOCK = 2**17  # words worked on at once: they stay in the cache of a core
Kind = Literal["equal", "unequal", "problems", "drawn"]
FAIR = _bernoulli.encode(0.5).coin


@partial(jax.tree_util.register_dataclass, data_fields=["own", "copy"], meta_fields=[])
@dataclass(frozen=True, slots=True)
class Urn:
    """Polya's urn over what the children deliver: child ``j`` delivers its own vote with ``own`` [fan_in], else a copy
    of one of the ``j`` votes before it, right with ``copy`` [fan_in, fan_in + 1] where so many of them are right.
    """

    own: Coin
    copy: Coin


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["flip", "share", "speaker", "urn"],
    meta_fields=["number", "fan_in", "relays"],
)
@dataclass(frozen=True, slots=True)
class LevelCoins:
    """One level of aggregators, or a run of ``relays`` equal levels with a fan-in of 1.

    ``number`` counts levels from the leaves, 0 first. ``share`` decides whether one received vote stands for all;
    ``speaker`` [fan_in] draws which one where children are not exchangeable, else it is the first. For beta-binomial
    votes ``urn`` takes their place.
    """

    flip: Coin
    share: Coin | None
    speaker: Coin | None
    urn: Urn | None
    number: int
    fan_in: int
    relays: int


@partial(jax.tree_util.register_dataclass, data_fields=["leaf", "cumulative", "levels"], meta_fields=["kind"])
@dataclass(frozen=True, slots=True)
class Tree:
    """What is played: leaves of one kind below levels, lowest first.

    The probabilities of ``leaf``: one for "equal" leaves, one for each of "unequal" leaves, one for each of
    "problems", drawn by ``cumulative`` thresholds, or one for each replica of a call [words, 32] when "drawn".
    """

    leaf: Coin
    cumulative: jax.Array | None
    levels: tuple[LevelCoins, ...]
    kind: Kind


Heard = tuple[list[jax.Array], jax.Array, jax.Array]
"""What an aggregator knows after some of its children: planes of its count, a speaker, votes not yet counted."""


class Nodes(NamedTuple):
    """Nodes of one level: ``number`` labels from ``start`` on, ``stride`` apart."""

    start: jax.Array | np.uint32
    stride: int
    number: int

    def labels(self) -> jax.Array:
        return self.start + np.uint32(self.stride) * lax.iota(jnp.uint32, self.number)


@dataclass(frozen=True, slots=True)
class Player:
    """Plays ``2**log_width`` words of replicas, the first of them ``first_word``; votes are [nodes * width]."""

    tree: Tree
    leaf: Coin | CoinPlanes
    key: jax.Array
    first_word: jax.Array
    log_width: int

    @property
    def width(self) -> int:
        return 1 << self.log_width

    def votes(self, below: int, nodes: Nodes) -> jax.Array:
        """Votes of nodes that have ``below`` levels beneath them."""
        if below == 0:
            return self.leaves(nodes)
        level = self.tree.levels[below - 1]
        if level.relays:

            def relay(number: jax.Array, vote: jax.Array) -> jax.Array:
                return vote ^ self.toss(level.flip, Purpose.CHANNEL, number.astype(jnp.uint32), nodes)

            vote: jax.Array = lax.fori_loop(
                level.number, level.number + level.relays, relay, self.votes(below - 1, nodes)
            )
            return vote
        if nodes.number == 1 and self.width * prod(part.fan_in for part in self.tree.levels[:below]) > BLOCK:
            return self.walk(below, nodes)
        received = self.received(below, self.children(below, nodes, np.uint32(0), level.fan_in))
        received = received.reshape(level.fan_in, -1)
        if level.urn is not None:
            return self.urn_vote(level, nodes, lambda child: received[child])
        speaker = received[0]
        if level.speaker is not None:
            for child in range(1, level.fan_in):
                speaker = self.speaker(level, nodes, child, speaker, received[child])
        return self.decide(level, nodes, _votes.count(received), speaker)

    def children(self, below: int, nodes: Nodes, first: jax.Array | np.uint32, count: int) -> Nodes:
        """Children ``first`` ... ``first + count - 1``: of one node any, of several nodes all."""
        wide = prod(level.fan_in for level in self.tree.levels[below:])
        stride = wide // nodes.number
        return Nodes(nodes.start + np.uint32(wide) * first, stride, nodes.number * count)

    def received(self, below: int, children: Nodes) -> jax.Array:
        """What the channels of ``children`` deliver; their parents have ``below`` levels beneath them."""
        level = self.tree.levels[below - 1]
        return self.votes(below - 1, children) ^ self.toss(level.flip, Purpose.CHANNEL, level.number, children)

    def walk(self, below: int, node: Nodes) -> jax.Array:
        """One node, its children one after another, or leaves a block at a time."""
        level = self.tree.levels[below - 1]
        if level.urn is not None:

            def deliver(child: jax.Array) -> jax.Array:
                return self.received(below, self.children(below, node, child.astype(jnp.uint32), 1))

            return self.urn_vote(level, node, deliver)
        chunk = min(level.fan_in, max(1, BLOCK // self.width)) if below == 1 and level.speaker is None else 1

        def listen(step: jax.Array, state: Heard) -> Heard:
            counted, speaker, arrived = state
            # The last step's votes are counted in this one: read where they are drawn, the compiler would draw them
            # again for every plane of the count.
            counted = _votes.add(counted, _votes.count(arrived))[: len(counted)]
            speaker = jnp.where(step <= 1, arrived[0], speaker)
            if level.speaker is not None:
                speaker = self.speaker(level, node, jnp.maximum(step - 1, 0), speaker, arrived[0])
            first = step.astype(jnp.uint32) * np.uint32(chunk)
            arrived = self.received(below, self.children(below, node, first, chunk)).reshape(chunk, -1)
            asked_for = first + lax.iota(jnp.uint32, chunk) < np.uint32(level.fan_in)
            return counted, speaker, jnp.where(asked_for[:, None], arrived, NONE)

        nothing = jnp.zeros((chunk, self.width), jnp.uint32)
        start = ([nothing[0]] * level.fan_in.bit_length(), nothing[0], nothing)
        steps = -(-level.fan_in // chunk)
        counted, speaker, arrived = lax.fori_loop(0, steps, listen, start)
        counted = _votes.add(counted, _votes.count(arrived))[: len(counted)]
        if steps == 1:
            speaker = arrived[0]
        elif level.speaker is not None:
            speaker = self.speaker(level, node, steps - 1, speaker, arrived[0])
        return self.decide(level, node, counted, speaker)

    def decide(self, level: LevelCoins, nodes: Nodes, counted: _votes.Planes, speaker: jax.Array) -> jax.Array:
        """The aggregators' votes: the majority of what arrived, or the one vote that all children share."""
        even = level.fan_in % 2 == 0
        tie = self.toss(FAIR, Purpose.TIE, level.number, nodes) if even else None
        voted = _votes.majority(counted, level.fan_in, tie)
        if level.share is None:
            return voted
        shared = self.toss(level.share, Purpose.SHARE, level.number, nodes)
        return (shared & speaker) | (~shared & voted)

    def speaker(
        self, level: LevelCoins, nodes: Nodes, child: jax.Array | int, so_far: jax.Array, received: jax.Array
    ) -> jax.Array:
        """One of the children up to ``child``, each as likely."""
        assert level.speaker is not None
        takes = self.toss(
            level.speaker.each(lambda values: values[child]), Purpose.SPEAKER, level.number, nodes, index=child
        )
        return (takes & received) | (~takes & so_far)

    def urn_vote(self, level: LevelCoins, nodes: Nodes, deliver: Callable[[jax.Array], jax.Array]) -> jax.Array:
        """The aggregators' votes over what an urn makes of the children's received votes, child after child."""
        assert level.urn is not None
        urn = level.urn

        def step(child: jax.Array, right: jax.Array) -> jax.Array:
            own = self.toss(urn.own.each(lambda values: values[child]), Purpose.OWN, level.number, nodes, index=child)
            chances = _bernoulli.planes(
                urn.copy.each(lambda values: values[child]),
                lambda bits: jnp.bitwise_or.reduce(right & bits[:, None], axis=0),
            )
            copied = self.toss(chances, Purpose.COPY, level.number, nodes, index=child)
            delivered = (own & deliver(child)) | (~own & copied)
            one_fewer = jnp.concatenate([jnp.zeros_like(right[:1]), right[:-1]])
            return (right & ~delivered) | (one_fewer & delivered)

        # row c: where c of the votes delivered so far are right
        none_yet = jnp.zeros((level.fan_in + 1, nodes.number * self.width), jnp.uint32).at[0].set(ALL)
        right = lax.fori_loop(0, level.fan_in, step, none_yet)
        voted = jnp.bitwise_or.reduce(right[level.fan_in // 2 + 1 :], axis=0)
        if level.fan_in % 2 == 0:
            voted = voted | (right[level.fan_in // 2] & self.toss(FAIR, Purpose.TIE, level.number, nodes))
        return voted

    def leaves(self, nodes: Nodes) -> jax.Array:
        """Votes of leaves."""
        if self.tree.kind == "equal":
            return self.toss(self.leaf, Purpose.LEAF, 0, nodes)
        if self.tree.kind == "unequal":
            labels = nodes.labels()
            assert isinstance(self.leaf, Coin)
            own = self.leaf.each(lambda values: jnp.repeat(values[labels], self.width))
            return self.toss(own, Purpose.LEAF, 0, nodes)
        return self.toss(self.leaf, Purpose.LEAF, 0, nodes)

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


def play(tree: Tree, key: jax.Array, first_word: jax.Array, log_width: int, first_drawn: jax.Array) -> jax.Array:
    """Root votes [2**log_width] of the replica words from ``first_word`` on, row ``first_drawn`` of drawn leaves."""
    leaf: Coin | CoinPlanes = tree.leaf
    if tree.kind in ("problems", "drawn"):
        shifts = lax.iota(jnp.uint32, WORD)[None, :]
        leaf = _bernoulli.planes(
            replica_coins(tree, key, first_word, log_width, first_drawn),
            lambda bits: jnp.sum((bits & np.uint32(1)) << shifts, axis=1, dtype=jnp.uint32),
        )
    player = Player(tree=tree, leaf=leaf, key=key, first_word=first_word, log_width=log_width)
    return player.votes(len(tree.levels), Nodes(np.uint32(0), 1, 1))


def replica_coins(tree: Tree, key: jax.Array, first_word: jax.Array, log_width: int, first_drawn: jax.Array) -> Coin:
    """Probability [words, 32] of the leaves of every replica."""
    width = 1 << log_width
    if tree.kind == "drawn":
        return tree.leaf.each(lambda values: lax.dynamic_slice_in_dim(values, first_drawn, width))
    word = first_word + lax.iota(jnp.uint32, width)
    lane, word = jnp.meshgrid(lax.iota(jnp.uint32, WORD // 4), word)
    four = _generator.block(key, Purpose.PROBLEM, 0, lane, word, 0)
    uniform = jnp.stack(four, axis=-1).reshape(width, WORD) >> np.uint32(1)
    assert tree.cumulative is not None
    problem = jnp.searchsorted(tree.cumulative, uniform, side="right")
    return tree.leaf.each(lambda values: values[problem])
