"""Monte Carlo of the continuous warm-up: averages of noisy estimates in stars, trees and chains, drawn end to end.

A leaf's estimate errs by a normal error of variance ``leaf_variance``; errors of leaves that stand side by side have
correlation ``correlation``; every received message adds independent normal noise of variance ``message_variance``.
The risk of an organization is the mean squared error of what its last agent holds. Averages of estimates of a quantity
err by averages of the errors, whatever the quantity, so errors are all that is drawn. Risks and variances are in
squared units of the estimated quantity.

**What correlation means in a tree** is a choice of model, and it decides whether there is a floor that no number of
leaves takes away (`Sharing`). In a star and in a chain all agents lean on one common source. In a tree it can be

``"component"``
    one source for every aggregator: the errors of its children, whatever made them, are mixtures of a part of their
    own and of a common part, ``sqrt(correlation) * common + sqrt(1 - correlation) * own``, and the common part errs
    like any of the children, being drawn from a further tree of the same kind that belongs to no child. Every level
    has its own sources, so a tree averages them out. One level of it is the star.
``"copied"``
    the same correlation in another shape: with probability ``correlation`` all children of an aggregator arrive at one
    and the same error, otherwise at independent ones (the shared vote of the binary model, for real numbers). Errors
    are then no longer normal: their tails grow with every level, and standard errors of deep trees need more draws.
``"global"``
    one source for all leaves of the tree, as in the star: no depth averages it out.

The first two give every two children of one aggregator errors of correlation ``correlation`` and leave the variance
of each as it is, at every level anew; risks follow from that alone, so both have the same.

Source of the model: *Phase Transition for Budgeted Multi-Agent Synergy*, Bang Liu, Linglong Kong, Jian Pei,
arXiv 2601.17311, continuous warm-up. The three readings and the rules of the chain are derived.
"""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import budgetsim
from budgetsim.simulate import _averages, _domain
from budgetsim.simulate.confidence_sequences import Moments
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.sequential import Observe, Progress

Sharing = Literal["component", "copied", "global"]
Rule = Literal["relay", "running_mean", "optimal"]

GENERATOR = "threefry2x32, partitionable, key = fold_in(seed, block), float64 normals"
BLOCK_NORMALS = 2**15  # normals of a block stay in the cache of one core

Operands = tuple[NDArray[np.float64], ...]


class _Game(NamedTuple):
    """How an organization is played: a kernel, what it is compiled for, normals at a time, and its arguments."""

    draw: _averages.Draw
    shape: _averages.Shape
    normals: int
    operands: Operands


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragingStar:
    """Agents that send their estimates to one that averages them.

    Parameters
    ----------
    agents
        1 or more, at most 2**22.
    correlation
        Of the errors of any two agents, in [0, 1].
    leaf_variance, message_variance
        0 or more.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.
    """

    agents: int
    correlation: float = 0.0
    leaf_variance: float = 1.0
    message_variance: float = 0.0

    def __post_init__(self) -> None:
        _domain.count("agents", self.agents, most=_domain.LARGEST_REPLICA)
        _check(self.correlation, self.leaf_variance, self.message_variance)

    def game(self) -> _Game:
        """How it is played."""
        operands = _operands(self.correlation, self.leaf_variance, self.message_variance)
        return _Game(_averages.star_errors, (self.agents,), self.agents, operands)


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragingTree:
    """A tree of agents that average what their children send.

    Parameters
    ----------
    fan_in
        Children of every aggregator, 2 or more.
    depth
        Levels of aggregators; 0 is a single estimate without any message.
    correlation
        Of the errors that the children of one aggregator arrive at (of any two leaves where ``sharing`` is
        "global"), in [0, 1].
    leaf_variance, message_variance
        0 or more.
    sharing
        What correlation means, see `budgetsim.simulate.continuous`.

    Raises
    ------
    ValueError
        If a parameter is outside its domain, or one replica needs more than 2**22 leaves: ``fan_in ** depth``, with
        sharing "component" ``(fan_in + 1) ** depth``.
    """

    fan_in: int
    depth: int
    correlation: float = 0.0
    leaf_variance: float = 1.0
    message_variance: float = 0.0
    sharing: Sharing = "component"

    def __post_init__(self) -> None:
        _domain.count("fan_in", self.fan_in, least=2, most=_domain.LARGEST_REPLICA)
        _domain.count("depth", self.depth, least=0, most=30)
        _check(self.correlation, self.leaf_variance, self.message_variance)
        if self.sharing not in get_args(Sharing):
            raise ValueError(f"sharing must be one of {', '.join(get_args(Sharing))}, got {self.sharing!r}")
        if self._leaves > _domain.LARGEST_REPLICA:
            raise ValueError(
                f"a tree must have at most {_domain.LARGEST_REPLICA} leaves, common sources included, to be played "
                f"leaf by leaf, got {self._leaves}"
            )

    @property
    def _leaves(self) -> int:
        """Leaves of one replica; a common source is a child of its own."""
        return int((self.fan_in + (self.sharing == "component")) ** self.depth)

    def game(self) -> _Game:
        """How it is played."""
        operands = _operands(self.correlation, self.leaf_variance, self.message_variance)
        sharing = get_args(Sharing).index(self.sharing)
        return _Game(_averages.tree_errors, (self.fan_in, self.depth, sharing), self._leaves, operands)


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragingChain:
    """Agents in a line: each receives what the one before it holds, and passes on what it makes of it.

    Parameters
    ----------
    agents
        1 or more, at most 2**22; one message less is sent.
    correlation
        Of the errors of any two agents, in [0, 1].
    leaf_variance, message_variance
        0 or more.
    rule
        "relay": pass on what was received; the first agent's estimate travels down the chain.
        "running_mean": the ``k``-th agent weighs its own estimate with ``1/k``.
        "optimal": with the weight that gives the least variance if errors are uncorrelated; with correlation it is
        the same weight, then no longer the best.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.
    """

    agents: int
    correlation: float = 0.0
    leaf_variance: float = 1.0
    message_variance: float = 0.0
    rule: Rule = "running_mean"

    def __post_init__(self) -> None:
        _domain.count("agents", self.agents, most=_domain.LARGEST_REPLICA)
        _check(self.correlation, self.leaf_variance, self.message_variance)
        if self.rule not in get_args(Rule):
            raise ValueError(f"rule must be one of {', '.join(get_args(Rule))}, got {self.rule!r}")

    def own_weights(self) -> NDArray[np.float64]:
        """Weight of every agent's own estimate in what it passes on [agents]; 1 for the first, which hears nothing.

        Examples
        --------
        >>> AveragingChain(agents=4).own_weights().round(3).tolist()
        [1.0, 0.5, 0.333, 0.25]
        """
        if self.rule == "running_mean":
            return 1.0 / np.arange(1.0, self.agents + 1.0)
        weights = np.zeros(self.agents)
        weights[0] = 1.0
        if self.rule == "optimal":
            held = self.leaf_variance  # variance of what the agent before holds
            for agent in range(1, self.agents):
                received = held + self.message_variance
                total = received + self.leaf_variance
                weights[agent] = received / total if total > 0.0 else 0.5
                held = weights[agent] * self.leaf_variance
        return weights

    def game(self) -> _Game:
        """How it is played."""
        operands = _operands(self.correlation, self.leaf_variance, self.message_variance)
        # Normals are drawn for one agent at a time: memory does not grow with the chain.
        return _Game(_averages.chain_errors, (), 2, (*operands, self.own_weights()))


Averaging = AveragingStar | AveragingTree | AveragingChain


def _check(correlation: float, leaf_variance: float, message_variance: float) -> None:
    if not 0.0 <= correlation <= 1.0:
        raise ValueError(f"correlation must lie in [0, 1], got {correlation}")
    for name, variance in (("leaf_variance", leaf_variance), ("message_variance", message_variance)):
        if not (variance >= 0.0 and np.isfinite(variance)):
            raise ValueError(f"{name} must be 0 or more and finite, got {variance}")


def _operands(correlation: float, leaf_variance: float, message_variance: float) -> Operands:
    """Standard deviations of a leaf and of a message, and the correlation."""
    return tuple(np.asarray(x, np.float64) for x in (np.sqrt(leaf_variance), np.sqrt(message_variance), correlation))


class _Play:
    """Plays ranges of replicas of one organization from one seed; see `squared_errors`."""

    def __init__(self, organization: Averaging, seed: int) -> None:
        self._game = organization.game()
        self.length = 1 << max(0, (BLOCK_NORMALS // self._game.normals).bit_length() - 1)
        self._seed = _domain.count("seed", seed, least=0, most=2**64 - 1)

    def __call__(self, start: int, stop: int, sums: tuple[float, float] = (0.0, 0.0)) -> Moments:
        draw, shape, _, operands = self._game
        # All 64 bits of the seed enter the key; the draws must not depend on how the caller configured JAX.
        with jax.enable_x64(True), jax.threefry_partitionable(True):
            words = jnp.array([self._seed >> 32, self._seed & 0xFFFFFFFF], jnp.uint32)
            total, squares = _averages.add_blocks(
                draw,
                shape,
                self.length,
                jax.random.wrap_key_data(words, impl="threefry2x32"),
                (jnp.int64(start // self.length), jnp.int64(-(-stop // self.length))),
                (jnp.int64(start), jnp.int64(stop)),
                (jnp.float64(sums[0]), jnp.float64(sums[1])),
                tuple(jnp.asarray(operand) for operand in operands),
            )
            return Moments(stop - start, float(total), float(squares))


def squared_errors(organization: Averaging, *, seed: int) -> Observe:
    """Squared errors of an organization, range by range: what `run_mean_until` asks for.

    Parameters
    ----------
    organization
        An `AveragingStar`, `AveragingTree` or `AveragingChain`.
    seed
        Integer in 0 ... 2**64 - 1. Replica ``i`` errs alike in every range that contains it.

    Returns
    -------
    callable
        ``observe(start, stop)``: count, sum and sum of squares of the squared errors of replicas start ... stop - 1.

    Raises
    ------
    ValueError
        If the seed is outside its domain.

    Examples
    --------
    The document's running mean of twelve, 2.4736, to within 1%.

    >>> from budgetsim.simulate.sequential import run_mean_until
    >>> chain = AveragingChain(agents=12, correlation=0.3, leaf_variance=2.0, message_variance=0.5)
    >>> risk = run_mean_until(squared_errors(chain, seed=1), standard_error=0.0082)
    >>> risk.ended, abs(risk.z_score(2.4736)) < 5
    ('reached', True)
    """
    return _Play(organization, seed)


def simulate_risk(
    organization: Averaging,
    *,
    replicas: int,
    seed: int,
    batch: int = 64,
    progress: Progress | None = None,
) -> Estimate:
    """Risk of an averaging organization: the mean squared error of what its last agent holds, by drawing every error.

    Parameters
    ----------
    organization
        An `AveragingStar`, `AveragingTree` or `AveragingChain`.
    replicas
        Organizations played, 2 or more.
    seed
        Integer in 0 ... 2**64 - 1. The same seed gives the same estimate, whatever ``batch``.
    batch
        Blocks of replicas worked through between two calls of ``progress``; changes no result. Memory depends neither
        on it nor on ``replicas``.
    progress
        Called with (replicas done, replicas asked for) as the work goes on.

    Returns
    -------
    Estimate
        Risk in squared units, with the standard error of a mean of squared errors, and provenance.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.

    Notes
    -----
    Model and readings: see `budgetsim.simulate.continuous`. Normals and sums are float64, whatever JAX is configured
    to.

    Examples
    --------
    Two perfect messages, errors of variance 1 and correlation 0.5: the average has variance (1 + 0.5) / 2.

    >>> risk = simulate_risk(AveragingStar(agents=2, correlation=0.5), replicas=100_000, seed=1)
    >>> abs(risk.z_score(0.75)) < 5
    True
    """
    replicas = _domain.count("replicas", replicas, least=2, most=2**31)
    play = _Play(organization, seed)
    per_call = _domain.count("batch", batch) * play.length
    seen = Moments()
    for done in range(0, replicas, per_call):
        stop = min(replicas, done + per_call)
        # The sums are handed on, so that they are added in one order, whatever the batch.
        moments = play(done, stop, (seen.total, seen.squares))
        seen = Moments(stop, moments.total, moments.squares)
        if progress is not None:
            progress(stop, replicas)
    return Estimate(
        value=seen.mean,
        standard_error=float(np.sqrt(seen.variance / (replicas - 1))),
        draws=replicas,
        provenance={
            "parameters": {"organization": type(organization).__name__, **asdict(organization)},
            "replicas": replicas,
            "seed": seed,
            "generator": GENERATOR,
            "block_length": play.length,
            "device": jax.default_backend(),
            "versions": {
                "budgetsim": budgetsim.__version__,
                "jax": jax.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        },
    )
