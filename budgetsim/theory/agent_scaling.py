"""Numbers of the scaling study of agent systems: its metrics, its fitted laws, and what can be recomputed from them.

Source: "Towards a Science of Scaling Agent Systems", Yubin Kim et al., arXiv 2512.08296. Numbers and laws are those of
its second version (180 configurations; the third has 260 and other coefficients, as reported). "Turns" are turns of
reasoning, not tools. Audits are derived: the printed efficiencies and overheads recompute exactly, while the printed
"error amplification" (17.2, 7.8, 4.4, 5.1) is no ratio of failure rates, and the budgets behind "matched tokens" were
not equal.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from budgetsim.theory._arrays import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    POSITIVE_BIAS,
    PROBABILITY,
    Array,
    Domain,
    common_namespace,
    elementwise,
)

BELOW_ONE = Domain("in [0, 1)", 0.0, 1.0, open_high=True)
NONZERO_INTERACTION = Domain("finite, below 0", float("-inf"), 0.0, open_low=True, open_high=True)

Architecture: TypeAlias = Literal["single", "independent", "centralized", "decentralized", "hybrid"]

NEEDS: dict[str, tuple[str, ...]] = {
    "single": ("iterations",),
    "independent": ("iterations", "agents"),
    "centralized": ("iterations", "agents", "rounds"),
    "decentralized": ("iterations", "agents", "rounds"),
    "hybrid": ("iterations", "agents", "rounds", "peer_rounds"),
}


def llm_calls(
    architecture: Architecture,
    *,
    iterations: int,
    agents: int | None = None,
    rounds: int | None = None,
    peer_rounds: int | None = None,
) -> int:
    """Calls of a model that an architecture makes for one trial.

    ``k`` (single), ``nk + 1`` (independent), ``rnk + r`` (centralized), ``rnk + 1`` (decentralized), ``rnk + r + p``
    (hybrid).

    Parameters
    ----------
    architecture
        One of the five names.
    iterations
        Iterations k of each agent.
    agents
        Agents n; not for ``single``.
    rounds
        Rounds r of the orchestrator, or of the debate where there is none.
    peer_rounds
        Rounds p among the agents of ``hybrid``.

    Raises
    ------
    ValueError
        If the architecture is unknown, or a number it needs is missing or not a whole number, 0 or more.

    Notes
    -----
    arXiv 2512.08296, table of architectures. Plain numbers only.

    Examples
    --------
    >>> llm_calls("centralized", iterations=3, agents=3, rounds=5)
    50
    """
    if architecture not in NEEDS:
        raise ValueError(f"architecture must be one of {', '.join(NEEDS)}, got {architecture!r}")
    given = {"iterations": iterations, "agents": agents, "rounds": rounds, "peer_rounds": peer_rounds}
    numbers = dict.fromkeys(given, 0)
    for name in NEEDS[architecture]:
        value = given[name]
        if value is None or value != int(value) or value < 0:
            raise ValueError(f"{name} must be a whole number, 0 or more, for {architecture}, got {value}")
        numbers[name] = int(value)
    k, n, r, p = numbers.values()
    return {
        "single": k,
        "independent": n * k + 1,
        "centralized": r * n * k + r,
        "decentralized": r * n * k + 1,
        "hybrid": r * n * k + r + p,
    }[architecture]


@elementwise(success=PROBABILITY, turns=POSITIVE, single_turns=POSITIVE)
def coordination_efficiency(success: Array, turns: Array, single_turns: Array) -> Array:
    r"""Success per turn, in units of the single agent's turns: :math:`E_c = S / (T/T_1)`.

    ``success`` in [0, 1]; turns of the system and of the single agent, above 0. arXiv 2512.08296.

    Examples
    --------
    >>> round(coordination_efficiency(0.370, 11.4, 7.2), 3)
    0.234
    """
    return success * single_turns / turns


@elementwise(turns=POSITIVE, single_turns=POSITIVE)
def overhead_percent(turns: Array, single_turns: Array) -> Array:
    r"""Turns beyond those of the single agent, in percent: :math:`100 (T - T_1)/T_1`.

    Turns above 0. arXiv 2512.08296. The released code reports message latency over run time by a similar name.

    Examples
    --------
    >>> round(overhead_percent(26.1, 7.2), 1)
    262.5
    """
    return 100.0 * (turns - single_turns) / single_turns


@elementwise(agents=POSITIVE)
def turns_law(agents: Array) -> Array:
    r"""Fitted turns of a system of n agents, :math:`T = 2.72 (n + 0.5)^{1.724}`.

    ``agents`` above 0. arXiv 2512.08296. It gives 5.5 turns at one agent, where 7.2 were observed.

    Examples
    --------
    >>> round(turns_law(3), 1)
    23.6
    """
    return 2.72 * (agents + 0.5) ** 1.724


@elementwise(messages_per_turn=POSITIVE)
def density_law(messages_per_turn: Array) -> Array:
    r"""Fitted success at a message density, :math:`S = .73 + .28 \ln c`.

    ``messages_per_turn`` above 0; the paper sees a plateau from .39 on. No probability outside [.074, 2.6], and off by
    .12 for the hybrid architecture of its own table. arXiv 2512.08296.

    Examples
    --------
    >>> round(density_law(0.39), 3)
    0.466
    """
    return 0.73 + 0.28 * common_namespace(messages_per_turn).log(messages_per_turn)


@elementwise(success=PROBABILITY, single_success=BELOW_ONE)
def failure_ratio(success: Array, single_success: Array) -> Array:
    r"""Failure rate over that of the single agent, :math:`(1-S)/(1-S_1)`; success in [0, 1], the single one below 1.

    What "error amplification" would be if it were about failures: 1.18 for independent agents, whose printed
    amplification is 17.2. Derived.

    Examples
    --------
    >>> round(failure_ratio(0.370, 0.466), 2)
    1.18
    """
    return (1.0 - success) / (1.0 - single_success)


@elementwise(success=PROBABILITY, single_success=POSITIVE_BIAS)
def relative_change_percent(success: Array, single_success: Array) -> Array:
    r"""Success beyond that of the single agent, in percent of it: :math:`100 (S - S_1)/S_1`.

    Success in [0, 1], the single agent's above 0. arXiv 2512.08296, table by domain: the plain mean of its changes is
    +3.6, where the text prints -3.5.

    Examples
    --------
    >>> round(relative_change_percent(0.631, 0.349), 1)
    80.8
    """
    return 100.0 * (success - single_success) / single_success


@elementwise(success=PROBABILITY, success_per_million=POSITIVE)
def implied_tokens_per_trial(success: Array, success_per_million: Array) -> Array:
    r"""Tokens of one trial that a success rate and a success per million tokens imply, :math:`10^6 S / e`.

    Parameters
    ----------
    success
        Success rate, in [0, 1].
    success_per_million
        Successes per million tokens, above 0. The paper's table says "per 1,000 tokens", which its numbers cannot be.

    Notes
    -----
    Derived. From 6.9 thousand tokens (single) to 33.2 thousand (hybrid): not the equal budgets of 4800 it states.

    Examples
    --------
    >>> round(implied_tokens_per_trial(0.466, 67.7))
    6883
    """
    return 1e6 * success / success_per_million


@elementwise(agents_effect=FINITE, interaction=NONZERO_INTERACTION, mean=FINITE, deviation=NON_NEGATIVE)
def single_agent_threshold(agents_effect: Array, interaction: Array, mean: Array, deviation: Array) -> Array:
    r"""Single-agent success above which more agents lower the fitted success, :math:`\bar P - s\,\beta_n/\beta_{Pn}`.

    Parameters
    ----------
    agents_effect, interaction
        Coefficients of the number of agents and of its product with the single agent's success, in standardized
        predictors; the interaction below 0.
    mean, deviation
        Mean and standard deviation that standardized the single agent's success.

    Notes
    -----
    Derived from the regression of arXiv 2512.08296 (coefficients as reported). The four domain means give .48, not the
    .45 in its abstract; four points identify neither.

    Examples
    --------
    >>> round(single_agent_threshold(0.052, -0.404, 0.466, 0.135), 3)
    0.483
    """
    return mean - deviation * agents_effect / interaction
