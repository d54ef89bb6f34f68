"""The slow twin of trees of answers, given the same draws; see `budgetsim.simulate.replay`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from budgetsim.simulate._generator import Purpose
from budgetsim.simulate.replay import Coins


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReplay(Coins):
    """One replica of a tree of plurality votes.

    Parameters
    ----------
    probabilities
        Of every answer, one row for each problem; what a row lacks to 1 is an abstention.

    Examples
    --------
    >>> from budgetsim.simulate import Level
    >>> AnswerReplay(levels=(Level(fan_in=3),), probabilities=[[0.0, 1.0, 0.0]], seed=1, replica=0).answer()
    1
    """

    probabilities: Sequence[Sequence[float]]

    @property
    def answers(self) -> int:
        return len(self.probabilities[0])

    def answer(self) -> int:
        """What the root answers."""
        said, cast = self.ballot(len(self.levels), 0)
        return said if cast else self.lot(list(range(self.answers)), 0, 0)

    def ballot(self, below: int, label: int) -> tuple[int, bool]:
        """What a node with ``below`` levels beneath it says, and whether it is cast."""
        if below == 0:
            return self.leaf(label)
        level = self.levels[below - 1]
        number = below - 1
        messages, heard = [], []
        for child in range(level.fan_in):
            child_label = self.child_label(below, label, child)
            said, cast = self.ballot(number, child_label)
            noise = 1.0 - level.fidelity
            if self.coin(noise, [noise], Purpose.CHANNEL, number, child_label):
                alike = [1.0 / left for left in range(self.answers, 1, -1)]
                said = 0
                while said < self.answers - 1 and not self.coin(
                    alike[said], alike, Purpose.REPLACEMENT, number, child_label, index=said
                ):
                    said += 1
            messages.append(said)
            if cast and not self.coin(level.loss, [level.loss], Purpose.LOSS, number, child_label):
                heard.append(said)
        alone = level.fan_in == 1 or not heard
        if not alone and self.coin(level.correlation, [level.correlation], Purpose.SHARE, number, label):
            return messages[0], True
        most = max(heard.count(answer) for answer in range(self.answers))
        leaders = [answer for answer in range(self.answers) if heard.count(answer) == most]
        return self.lot(leaders, number, label), True

    def leaf(self, label: int) -> tuple[int, bool]:
        rows = [list(row) for row in self.probabilities]
        alike = rows.count(rows[0]) == len(rows)
        problem = 0 if alike else self.problem()
        rows = rows[:1] if alike else rows
        kept = 32 if alike else 17
        left = [0.0] * len(rows)
        chances = []
        for answer in reversed(range(self.answers)):
            left = [so_far + row[answer] for so_far, row in zip(left, rows, strict=True)]
            chances.append([row[answer] / rest if rest else 0.0 for row, rest in zip(rows, left, strict=True)])
        casts = [1.0 if some >= 1.0 - 1e-9 else some for some in left]
        cast = self.coin(casts[problem], casts, Purpose.ABSTENTION, 0, label, kept=kept)
        together = [chance for column in chances[1:] for chance in column]
        for answer, chance in enumerate(reversed(chances[1:])):
            if self.coin(chance[problem], together, Purpose.LEAF, 0, label, index=answer, kept=kept):
                return answer, cast
        return self.answers - 1, cast

    def lot(self, leaders: Sequence[int], number: int, label: int) -> int:
        """One of the leaders: the n-th takes the place of the one before with 1/n."""
        shares = [1.0 / leaders_so_far for leaders_so_far in range(1, self.answers + 1)]
        picked = leaders[0]
        for before, answer in enumerate(leaders[1:], start=1):
            if self.coin(shares[before], shares, Purpose.TIE, number, label, index=answer, kept=17):
                picked = answer
        return picked
