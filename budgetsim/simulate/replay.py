"""The slow twin of the engine, given the same draws: replays single replicas vote by vote, in plain Python.

It derives every random word anew from its own generator, one block at a time in whole numbers, and decides every coin
by comparing two whole numbers, where the engine compares 32 replicas digit by digit. What the engine counted must
come out, replica by replica; nothing here is shared with it but the meaning of the words (see `Purpose`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod

from budgetsim.simulate._generator import Purpose
from budgetsim.simulate.levels import Level

Quad = tuple[int, int, int, int]
_ROTATIONS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))
_WORD = 2**32


@lru_cache(maxsize=2**16)
def threefry(counter: Quad, key: Quad, rounds: int = 13) -> Quad:
    """One block of Threefry-4x32 (Salmon et al. 2011): mix pairs, swap, inject keys every four rounds."""
    keys = [*key, key[0] ^ key[1] ^ key[2] ^ key[3] ^ 0x1BD11BDA]
    state = [(word + part) % _WORD for word, part in zip(counter, key, strict=True)]
    for number in range(rounds):
        for (left, right), by in zip(((0, 1), (2, 3)), _ROTATIONS[number % 8], strict=True):
            state[left] = (state[left] + state[right]) % _WORD
            turned = (state[right] << by | state[right] >> (32 - by)) % _WORD
            state[right] = turned ^ state[left]
        state[1], state[3] = state[3], state[1]
        if (number + 1) % 4 == 0:
            turn = (number + 1) // 4
            state = [(word + keys[(turn + place) % 5]) % _WORD for place, word in enumerate(state)]
            state[3] = (state[3] + turn) % _WORD
    if rounds % 2:  # the last swap belongs to a next round
        state[1], state[3] = state[3], state[1]
    return state[0], state[1], state[2], state[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coins:
    """The coins of one replica of one plan.

    Parameters
    ----------
    levels
        From the leaves up.
    weights
        Of the problems; at every use one 31-bit uniform number is held against their running sum.
    seed, replica
        Which replica of which plan.
    """

    levels: Sequence[Level]
    weights: Sequence[float] = (1.0,)
    seed: int
    replica: int

    def problem(self) -> int:
        """Number of the problem that the replica works on."""
        lane = self.replica % 32
        uniform = self.block(Purpose.PROBLEM, 0, lane // 4, 0, 0)[lane % 4] >> 1
        running = [sum(self.weights[: problem + 1]) / sum(self.weights) for problem in range(len(self.weights))]
        return sum(uniform >= round(share * 2**31) for share in running)

    def child_label(self, below: int, label: int, child: int) -> int:
        """Label of a child of a node with ``below`` levels beneath it."""
        return child * prod(above.fan_in for above in self.levels[below:]) + label

    def coin(
        self,
        probability: float,
        together: Sequence[float],
        purpose: Purpose,
        level: int,
        label: int,
        *,
        index: int = 0,
        kept: int = 32,
    ) -> bool:
        """A coin; probabilities encoded ``together`` draw as many digits as the worst of them, ``kept`` shared ones."""
        digits, shared = _digits(tuple(together))
        words = [self.block(purpose, level, label, index, block) for block in range(-(-(digits + shared) // 4))]
        flat = [word for block in words for word in block]
        drawn = 0
        for word in flat[:digits]:
            drawn = 2 * drawn + (word >> self.replica % 32 & 1)
        if not shared:
            return bool(drawn < Fraction(probability) * 2**digits)
        uniform = drawn * 2**kept + (flat[digits] >> (32 - kept))
        return bool(uniform < round(Fraction(probability) * 2 ** (digits + kept)))

    def block(self, purpose: Purpose, level: int, label: int, index: int, number: int) -> Quad:
        counter = (label, self.replica // 32, level << 8 | purpose, index << 8 | number)
        return threefry(counter, (self.seed % _WORD, self.seed // _WORD, 0, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(Coins):
    """One replica of an organization.

    Parameters
    ----------
    probability
        Of a leaf vote: one for each problem.
    leaf_probability
        Instead of ``probability``: one for each leaf, siblings next to one another, or so for each problem.
    abstention, abstention_if_wrong
        Of leaves, of all votes or of right and wrong ones: one, or one for each leaf.

    Examples
    --------
    >>> Replay(levels=(Level(fan_in=3),), probability=(1.0,), seed=1, replica=0).right()
    True
    """

    probability: Sequence[float] = ()
    leaf_probability: Sequence[float] | Sequence[Sequence[float]] = ()
    abstention: float | Sequence[float] = 0.0
    abstention_if_wrong: float | Sequence[float] | None = None

    def right(self) -> bool:
        """Whether the root votes right."""
        said, cast = self.ballot(len(self.levels), 0, ())
        return said if cast else self.coin(0.5, [0.5], Purpose.TIE, 0, 0)

    def ballot(self, below: int, label: int, path: tuple[int, ...]) -> tuple[bool, bool]:
        """Vote of a node with ``below`` levels beneath it, reached from the root by child numbers ``path``; if cast."""
        if below == 0:
            said = self.leaf(label, path)
            return said, not self.abstains(said, label, path)
        level = self.levels[below - 1]
        number = below - 1
        received, arrived = [], []
        for child in range(level.fan_in):
            child_label = self.child_label(below, label, child)
            said, cast = self.ballot(number, child_label, (*path, child))
            flip = (1.0 - level.fidelity) / 2.0
            received.append(said != self.coin(flip, [flip], Purpose.CHANNEL, number, child_label))
            arrived.append(cast and not self.coin(level.loss, [level.loss], Purpose.LOSS, number, child_label))
        if level.fan_in > 1 and level.correlation > 0.0:
            if level.sharing == "beta":
                received = self.urn(received, level, number, label)
            elif any(arrived) and self.coin(level.correlation, [level.correlation], Purpose.SHARE, number, label):
                return received[self.speaker(level, number, label)], True
        heard = [said for said, arrives in zip(received, arrived, strict=True) if arrives]
        if 2 * sum(heard) == len(heard):
            return self.coin(0.5, [0.5], Purpose.TIE, number, label), True
        return 2 * sum(heard) > len(heard), True

    def leaf(self, label: int, path: tuple[int, ...]) -> bool:
        """What a leaf says."""
        place = self.place(path)
        rows = self.rows()
        if rows.count(rows[0]) == len(rows):
            return self.coin(rows[0][place % len(rows[0])], rows[0], Purpose.LEAF, 0, label)
        row = rows[self.problem()]
        together = [chance for row in rows for chance in row]
        return self.coin(row[place % len(row)], together, Purpose.LEAF, 0, label, kept=17)

    def abstains(self, right: bool, label: int, path: tuple[int, ...]) -> bool:
        """Whether a leaf casts no vote."""
        given, index = self.abstention, 0
        if self.abstention_if_wrong is not None and not right:
            given, index = self.abstention_if_wrong, 1
        of_all = [given] if isinstance(given, float | int) else list(given)
        return self.coin(of_all[self.place(path) % len(of_all)], of_all, Purpose.ABSTENTION, 0, label, index=index)

    def place(self, path: tuple[int, ...]) -> int:
        """Number of a leaf, siblings next to one another."""
        place = 0
        for level, child in zip(reversed(self.levels), path, strict=True):
            place = place * level.fan_in + child
        return place

    def rows(self) -> list[list[float]]:
        """Probabilities of a right vote, for every problem of every leaf, or of all leaves alike."""
        if not self.leaf_probability:
            return [[chance] for chance in self.probability]
        rows = [list(row) for row in self.leaf_probability if isinstance(row, Sequence)]
        return rows or [[row for row in self.leaf_probability if not isinstance(row, Sequence)]]

    def urn(self, received: Sequence[bool], level: Level, number: int, label: int) -> list[bool]:
        """Polya's urn: every vote is heard, or an earlier delivered one is delivered again."""
        rho = level.correlation
        heard = [(1.0 - rho) / (1.0 - rho + rho * child) if child else 1.0 for child in range(level.fan_in)]
        delivered: list[bool] = []
        for child, own in enumerate(received):
            of_count = [min(count / max(child, 1), 1.0) for count in range(level.fan_in + 1)]
            everywhere = [min(c / max(j, 1), 1.0) for j in range(level.fan_in) for c in range(level.fan_in + 1)]
            if self.coin(heard[child], heard, Purpose.OWN, number, label, index=child):
                delivered.append(own)
            else:
                chance = of_count[sum(delivered)]
                delivered.append(self.coin(chance, everywhere, Purpose.COPY, number, label, index=child, kept=17))
        return delivered

    def speaker(self, level: Level, number: int, label: int) -> int:
        """Which child's vote stands for all: the first of equal ones, one at random of unequal ones."""
        silent = [given for given in (self.abstention, self.abstention_if_wrong) if isinstance(given, Sequence)]
        if all(min(row) == max(row) for row in [*self.rows(), *silent]):
            return 0
        chances = [1.0 / (child + 1) for child in range(level.fan_in)]
        speaker = 0
        for child in range(1, level.fan_in):
            if self.coin(chances[child], chances, Purpose.SPEAKER, number, label, index=child):
                speaker = child
        return speaker


@lru_cache(maxsize=2**12)
def _digits(together: tuple[float, ...]) -> tuple[int, bool]:
    """Digits drawn for every replica, and whether a word of digits is shared."""
    exact = [Fraction(probability) for probability in together]
    for digits in range(17):
        if all((probability * 2**digits).denominator == 1 for probability in exact):
            return digits, False
    inner = [probability for probability in exact if 0 < probability < 1]
    for digits in (7, 11, 15):
        rest = [probability * 2**digits % 1 for probability in inner]
        if all(
            31 * part * (1 - part) * 256 <= 4**digits * probability * (1 - probability)
            for part, probability in zip(rest, inner, strict=True)
        ):
            return digits, True
    return 15, True
