"""Plurality votes over many answers: the chance that the right one has the most votes.

Counts of answers in a fixed number of votes depend on one another only through their total. Give them
independent laws instead (Poisson for votes drawn from a model, binomial for votes drawn from a list of samples)
and read the wanted total off the generating function: its coefficient is a discrete Fourier transform over a
circle. A right answer with ``m`` votes and ``t`` wrong answers level with it wins with probability
``1 / (t + 1)``, the integral of ``y^t`` over [0, 1], so that one product over the wrong answers, each
contributing "fewer than m votes, or y times exactly m", covers every tie; Gauss-Legendre nodes in ``y`` make the
integral exact. Every factor is a probability at most 1 in size, so nothing overflows.

Both functions take JAX arrays as well: what depends on the values here is left out there, see the room's
``_plurality_arrays``. Derived.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from array_api_compat import is_jax_array
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy

from budgetsim.theory._arrays import Array, common_namespace, known
from budgetsim.theory._plurality_arrays import log_binomial, poisson_tables, winning_share

Floats = NDArray[np.float64]

# Probabilities below this change no digit of the result.
NEGLIGIBLE = 1e-19
# Gauss-Legendre nodes at most: the integrand is a polynomial in y with positive coefficients that fall fast, for many
# answers level at the top are rare; sixteen nodes are exact up to 31 of them and leave less than 1e-13 beyond.
MOST_LEVELS = 16
# Complex numbers held at once, about 32 megabytes.
BLOCK = 2**21


@known("votes", "copies")
def plurality_accuracy(probabilities: Array, votes: int, *, copies: Array | None = None) -> Array:
    """Probability that the right answer wins a plurality of independent votes, ties broken at random.

    Parameters
    ----------
    probabilities
        Probability of each answer in one vote, shape [..., answers]; entry 0 is the right answer. A row sums to 1
        or less; what is missing are abstentions, which never win.
    votes
        Number of votes, a whole number, 0 or more: one plain number, known under JAX tracing.
    copies
        How many answers each column stands for, known whole numbers, shape [..., answers] or [answers], 1 in entry
        0; a probability is that of one copy. A long tail of equally likely answers then costs as much as one.

    Returns
    -------
    array
        Shape [...] (a float for a single row). If nobody votes for any answer, the result is wrong. Absolute
        error below 1e-12 for up to a thousand votes; the work grows like votes * sqrt(votes) * answers, times the
        number of answers that can tie.

    Raises
    ------
    ValueError
        If a probability is negative, a row sums to more than 1, or votes or copies are not whole numbers, 0 or more
        (NaN for probabilities in JAX).
    TypeError
        If JAX traces votes or copies.

    Examples
    --------
    >>> round(plurality_accuracy([0.5, 0.3, 0.2], 3), 6)
    0.56
    >>> round(plurality_accuracy([0.5, 0.1], 3, copies=[1, 5]), 6) == round(plurality_accuracy([0.5] + 5 * [0.1], 3), 6)
    True
    """
    rows = common_namespace(probabilities).asarray(probabilities, dtype=float)
    if rows.ndim == 0 or rows.shape[-1] == 0:
        raise ValueError(f"probabilities must have shape [..., answers], got {rows.shape}")
    many = np.broadcast_to(np.asarray(1.0 if copies is None else copies, dtype=float), rows.shape)
    if not np.all((many >= 0.0) & (np.floor(many) == many)) or not np.all(many[..., 0] == 1.0):
        raise ValueError("copies must be whole numbers, 0 or more, and 1 for the right answer")
    if is_jax_array(rows):
        return _traced_accuracy(rows, many, _whole("votes", votes))
    if not np.all(rows >= 0.0) or not np.all((rows * many).sum(axis=-1) <= 1.0 + 1e-9):
        raise ValueError("probabilities must be 0 or more and sum to at most 1 over the last axis")
    total = _whole("votes", votes)
    shape = rows.shape[:-1]
    rows, many = rows.reshape(-1, rows.shape[-1]), many.reshape(-1, rows.shape[-1])
    if total == 0:
        return _shaped(np.zeros(len(rows)), shape)
    nodes = _poisson_nodes(total)
    counts = np.arange(total + 1)
    abstained = np.maximum(0.0, 1.0 - (rows * many).sum(axis=1)) * total
    rows, many = _largest_first(rows, many)
    means = rows * total
    tables = np.exp(_log_poisson(counts, means[..., None]))
    angles = _angles(nodes)
    abstentions = np.exp(abstained[:, None] * np.expm1(1j * angles))
    normalizer = np.full(len(rows), np.exp(_log_poisson(np.asarray(total), total)))
    return _shaped(_right_share(tables, many, abstentions, angles, nodes, total) / normalizer, shape)


@known("k")
def plurality_from_counts(counts: Array, k: int, *, abstentions: Array = 0) -> Array:
    """Plurality accuracy of a random subset of ``k`` of the observed samples, ties broken at random.

    The unbiased estimate, from n samples per problem, of the plurality accuracy of k votes: what pass@k's estimator
    is to coverage.

    Parameters
    ----------
    counts
        How often each answer was observed, shape [..., answers]; entry 0 is the right answer, padding is 0.
    k
        Size of the subset, a whole number from 0 to the number of samples of every problem: one plain number, known
        under JAX tracing.
    abstentions
        Samples without an answer, shape [...]: counted among the samples, never winning.

    Returns
    -------
    array
        Shape [...] (a float for a single row). A subset without any answer is wrong.

    Raises
    ------
    ValueError
        If a count is not a whole number, 0 or more, or k exceeds the number of samples of a problem (NaN for counts
        and abstentions in JAX).
    TypeError
        If JAX traces k.

    Examples
    --------
    >>> round(plurality_from_counts([2, 1], 2), 6)
    0.666667
    """
    rows = common_namespace(counts, abstentions).asarray(counts, dtype=float)
    if rows.ndim == 0 or rows.shape[-1] == 0:
        raise ValueError(f"counts must have shape [..., answers], got {rows.shape}")
    if is_jax_array(rows):
        return _traced_from_counts(rows, abstentions, _whole("k", k))
    silent = np.broadcast_to(np.asarray(abstentions, dtype=float), rows.shape[:-1]).reshape(-1)
    shape = rows.shape[:-1]
    rows = rows.reshape(-1, rows.shape[-1])
    for name, values in (("counts", rows), ("abstentions", silent)):
        if not np.all((values >= 0.0) & (np.floor(values) == values)):
            raise ValueError(f"{name} must be whole numbers, 0 or more")
    total = _whole("k", k)
    samples = rows.sum(axis=1) + silent
    if total > samples.min(initial=np.inf):
        raise ValueError(f"k must be at most the number of samples of every problem ({samples.min():.0f}), got {total}")
    if total == 0 or rows.size == 0:
        return _shaped(np.zeros(len(rows)), shape)
    share = (total / samples)[:, None]
    distances = np.arange(int(samples.max()) + 2)
    either = np.maximum(
        _log_binomial(total + distances, samples[:, None], share),
        _log_binomial(total - distances, samples[:, None], share),
    )
    log_normalizer = _log_binomial(np.asarray(total), samples, share[:, 0])
    nodes = _enough_nodes(np.max(either - log_normalizer[:, None], axis=0))
    most = int(min(total, rows[:, 0].max()))
    ordered, once = _largest_first(rows, np.ones_like(rows))
    tables = np.exp(_log_binomial(np.arange(most + 1), ordered[..., None], share[..., None]))
    angles = _angles(nodes)
    silence = (1.0 + share * np.expm1(1j * angles)) ** silent[:, None]
    return _shaped(_right_share(tables, once, silence, angles, nodes, total) / np.exp(log_normalizer), shape)


def _traced_accuracy(rows: Array, copies: Floats, total: int) -> Array:
    xp = common_namespace(rows)
    used = xp.sum(rows * copies, axis=-1)
    valid = xp.all(rows >= 0.0, axis=-1) & (used <= 1.0 + 1e-9)
    nodes = _poisson_nodes(total)
    angles = _angles(nodes)
    silence = xp.exp((total * xp.where(used < 1.0, 1.0 - used, 0.0))[..., None] * xp.asarray(np.expm1(1j * angles)))
    share = winning_share(xp, poisson_tables(xp, rows * total, total), copies, silence, nodes, angles)
    share = share / np.exp(_log_poisson(np.asarray(total), total))
    return xp.where(valid, xp.clip(share, 0.0, 1.0), np.nan)


def _traced_from_counts(rows: Array, abstentions: Array, total: int) -> Array:
    xp = common_namespace(rows)
    silent = xp.broadcast_to(xp.asarray(abstentions, dtype=float), rows.shape[:-1])
    everything = xp.concat([rows, silent[..., None]], axis=-1)
    samples = xp.sum(everything, axis=-1)
    valid = xp.all((everything >= 0.0) & (xp.floor(everything) == everything), axis=-1) & (samples >= total)
    share = total / xp.where(samples > 0.0, samples, 1.0)
    nodes = _poisson_nodes(total)  # binomial totals spread less
    angles = _angles(nodes)
    drawn = xp.asarray(np.arange(total + 1), dtype=float)
    tables = xp.exp(log_binomial(xp, drawn, rows[..., None], share[..., None, None]))
    turn = 1.0 + share[..., None] * xp.asarray(np.expm1(1j * angles))
    silence = xp.exp(silent[..., None] * xp.log(turn))  # never the logarithm of 0: pi has no float
    won = winning_share(xp, tables, np.ones(rows.shape), silence, nodes, angles)
    won = won / xp.exp(log_binomial(xp, xp.asarray(float(total)), samples, share))
    return xp.where(valid, xp.clip(won, 0.0, 1.0), np.nan)


def _right_share(
    tables: Floats, copies: Floats, others: NDArray[np.complex128], angles: Floats, nodes: int, total: int
) -> Floats:
    """P(right answer wins and the counts add up to ``total``) for independent counts.

    ``tables`` [problems, answers, count] are the laws of the counts, right answer first; ``copies`` [problems,
    answers] is how many answers follow each law; ``others`` [problems, angle] is the generating function of the votes
    for no answer.
    """
    readout = (
        np.exp(-1j * total * angles) * np.where((angles == 0.0) | (2 * np.arange(len(angles)) == nodes), 1, 2) / nodes
    )
    answers = tables.shape[1]
    block = max(1, BLOCK // max(1, len(angles) * answers * (answers // 2 + 1)))
    share = np.empty(len(tables))
    for start in range(0, len(tables), block):
        part = slice(start, start + block)
        won = _generating_function(tables[part], copies[part], angles) * others[part]
        share[part] = (won @ readout).real
    return share


def _generating_function(tables: Floats, copies: Floats, angles: Floats) -> NDArray[np.complex128]:
    right, wrong, times = tables[:, 0], tables[:, 1:], copies[:, 1:]
    repeated = np.flatnonzero(np.any(times != 1.0, axis=0))
    won = np.zeros((len(tables), len(angles)), dtype=complex)
    fewer = np.zeros((len(tables), wrong.shape[1], len(angles)), dtype=complex)
    for m in range(1, tables.shape[2]):
        fewer += wrong[:, :, m - 1, None] * np.exp(1j * (m - 1) * angles)
        if right[:, m].max() < NEGLIGIBLE:
            continue
        turn = np.exp(1j * m * angles)
        can_tie = (wrong[:, :, m] * times).max(axis=0, initial=0.0) > NEGLIGIBLE
        rivals = int(times[:, can_tie].sum(axis=1).max(initial=0.0))
        level, weight = _unit_interval_rule(min(rivals // 2 + 1, MOST_LEVELS))
        factors = fewer[:, can_tie, :, None] + (wrong[:, can_tie, m, None] * turn)[..., None] * level
        behind = fewer[:, ~can_tie]
        for column in repeated:
            place = np.count_nonzero(can_tie[:column])
            if can_tie[column]:
                factors[:, place] **= times[:, column, None, None]
            else:
                behind[:, column - place] **= times[:, column, None]
        lead = factors.prod(axis=1) @ weight
        won += right[:, m, None] * turn * lead * behind.prod(axis=1)
    return won


def _angles(nodes: int) -> Floats:
    """Half the circle: the other half holds the complex conjugates."""
    return 2.0 * np.pi * np.arange(nodes // 2 + 1) / nodes


def _poisson_nodes(total: int) -> int:
    """Enough Fourier nodes for counts that are Poisson and add up to ``total`` on average."""
    distances = np.arange(total + 64)
    log_ratio = np.maximum(
        _log_poisson(total + distances, total),
        np.where(distances <= total, _log_poisson(np.maximum(total - distances, 0), total), -np.inf),
    ) - _log_poisson(np.asarray(total), total)
    return _enough_nodes(log_ratio)


def _enough_nodes(log_ratio: Floats) -> int:
    """Number of Fourier nodes at which totals that are a multiple of it away from the wanted one do not matter.

    ``log_ratio[d]`` compares the likelier of the two totals ``d`` off with the wanted one; it falls with ``d``.
    """
    return int(np.argmax(log_ratio < np.log(NEGLIGIBLE)))


def _log_poisson(count: NDArray[np.int64], mean: Floats | float) -> Floats:
    return np.asarray(xlogy(count, mean) - mean - gammaln(count + 1.0))


def _log_binomial(count: NDArray[np.int64], trials: Floats, share: Floats) -> Floats:
    inside = (count >= 0) & (count <= trials)
    safe = np.where(inside, count, 0)
    log_choices = gammaln(trials + 1.0) - gammaln(safe + 1.0) - gammaln(trials - safe + 1.0)
    return np.where(inside, log_choices + xlogy(safe, share) + xlog1py(trials - safe, -share), -np.inf)


def _largest_first(rows: Floats, copies: Floats) -> tuple[Floats, Floats]:
    """Wrong answers in falling order, so that rows of one block agree on which of them can tie."""
    order = np.argsort(-rows[:, 1:], axis=1, kind="stable")
    order = np.concatenate([np.zeros((len(rows), 1), order.dtype), 1 + order], axis=1)
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(copies, order, axis=1)


@lru_cache(maxsize=256)
def _unit_interval_rule(size: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(size)
    return (nodes + 1.0) / 2.0, weights / 2.0


def _whole(name: str, value: int) -> int:
    if not 0 <= value < np.inf or value != int(value):
        raise ValueError(f"{name} must be a whole number, 0 or more, got {value}")
    return int(value)


def _shaped(values: Floats, shape: tuple[int, ...]) -> Floats | float:
    clipped = np.clip(values, 0.0, 1.0)
    return clipped.reshape(shape) if shape else float(clipped[0])
