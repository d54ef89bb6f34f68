"""Which wrong answer is given when the answer is wrong: Dirichlet distributions that borrow from other groups.

Plurality votes over more than two answers depend on how wrong answers crowd together. Given that a sample is wrong, its
answer follows shares drawn from ``Dirichlet(concentration_g * base_gi)``. The base of a cell holds what other groups
answered wrongly on the same problem plus a little of everything the problem's vocabulary allows; how much one wrong
answer foretells the next (the concentration) is learned per group, with a distribution over groups as the prior
(empirical Bayes on a grid). Derived for this project.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, logsumexp

from budgetsim.calibrate.tally import Floats, Tally

#: Concentrations and weights of the even part of the base that are tried.
CONCENTRATIONS: Floats = np.geomspace(0.05, 500.0, 25)
EVEN_PARTS: Floats = np.geomspace(0.1, 30.0, 9)


def wrong_answer_parameters(tally: Tally) -> Floats:
    """Posterior Dirichlet parameters of the wrong answers of every cell.

    Parameters
    ----------
    tally
        The counts that are known.

    Returns
    -------
    array
        Shape ``(cells, answers + 1)``: the wrong answers (seen ones first, then room for the rest of the problem's
        vocabulary, zero beyond), and last the answers that could not be parsed.
    """
    counts, room = _padded(tally)
    elsewhere = np.zeros((len(tally.problems), counts.shape[1]))
    np.add.at(elsewhere, tally.problem, counts)
    others = elsewhere[tally.problem] - counts
    even = _even_base(tally, counts, room)
    bases = [(others + part * even) / (others.sum(1, keepdims=True) + part) for part in EVEN_PARTS]
    likelihood = np.array([_group_log_likelihood(tally, counts, base) for base in bases])
    prior, best = _empirical_prior(likelihood)
    posterior = np.log(prior) + likelihood[best]
    posterior = np.exp(posterior - logsumexp(posterior, axis=1, keepdims=True))
    concentration = np.exp(posterior @ np.log(CONCENTRATIONS))
    return np.asarray(concentration[tally.group, None] * bases[best] + counts)


def _padded(tally: Tally) -> tuple[Floats, Floats]:
    """Counts of wrong answers and, last, of unparsed ones; and where the vocabulary of the problem has room."""
    width = int(max(tally.vocabulary.max(), tally.wrong.shape[1]))
    counts = np.zeros((tally.cells, width + 1))
    counts[:, : tally.wrong.shape[1]] = tally.wrong
    counts[:, -1] = tally.abstained
    room = (np.arange(width) < tally.vocabulary[tally.problem][:, None]).astype(float)
    return counts, room


def _even_base(tally: Tally, counts: Floats, room: Floats) -> Floats:
    """The same share for every wrong answer that may come, and the group's own share of unparsed ones."""
    groups = len(tally.groups)
    unparsed = np.bincount(tally.group, counts[:, -1], groups)
    wrong = np.bincount(tally.group, counts.sum(1), groups)
    ever = unparsed.sum() > 0
    silence = ((unparsed + 0.5) / (wrong + 1.0) if ever else np.zeros(groups))[tally.group, None]
    return np.concatenate([(1.0 - silence) * room / room.sum(1, keepdims=True), silence], axis=1)


def _group_log_likelihood(tally: Tally, counts: Floats, base: Floats) -> Floats:
    """Dirichlet-multinomial log-likelihood per group and concentration, shape ``(groups, concentrations)``."""
    some = counts.sum(1) > 1  # a first wrong answer says nothing of how the next one follows it
    group, counts, base = tally.group[some], counts[some], base[some]
    rows, columns = np.nonzero(counts)
    seen, expected = counts[rows, columns], np.maximum(base[rows, columns], 1e-12)
    total = counts.sum(1)
    values = np.empty((len(tally.groups), len(CONCENTRATIONS)))
    for position, concentration in enumerate(CONCENTRATIONS):
        weight = concentration * expected
        # Of an empty list the sums come back as whole numbers.
        cell = np.bincount(rows, gammaln(weight + seen) - gammaln(weight), len(total)).astype(float)
        cell += gammaln(concentration) - gammaln(concentration + total)
        values[:, position] = np.bincount(group, cell, len(tally.groups))
    return values


def _empirical_prior(likelihood: Floats) -> tuple[Floats, int]:
    """Distribution of concentrations over groups, and the even part that explains all groups best."""
    candidates: list[tuple[float, Floats]] = []
    for table in likelihood:
        prior = np.full(len(CONCENTRATIONS), 1.0 / len(CONCENTRATIONS))
        evidence = -np.inf
        for _ in range(200):
            joint = np.log(prior) + table
            norm = logsumexp(joint, axis=1, keepdims=True)
            # One group's worth of the even start stays in, so that no concentration is ruled out.
            prior = (np.exp(joint - norm).sum(0) + 1.0 / len(CONCENTRATIONS)) / (len(table) + 1.0)
            if norm.sum() - evidence < 1e-6:
                break
            evidence = float(norm.sum())
        candidates.append((evidence, prior))
    best = int(np.argmax([evidence for evidence, _ in candidates]))
    return candidates[best][1], best
