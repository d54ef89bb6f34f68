"""What reasoning strategies cost, and what sampling, debate and retries give for the same budget.

Source: "Reasoning in Token Economies: Budget-Aware Evaluation of LLM Reasoning Strategies", Junlin Wang, Siddhartha
Jain, Dejiao Zhang, Baishakhi Ray, Varun Kumar, Ben Athiwaratkun, arXiv 2406.06461 (axes of cost, as reported; its
finding: at equal budgets chain-of-thought self-consistency matches or beats almost every other strategy). The cost
models and accuracies are derived. State the axis of a comparison (tokens, money or calls) and charge everything that
is read, evaluators included. That voting helps "when p is above one half" holds only if one wrong answer takes all
the rest: plurality needs p above the chance of every single wrong answer.
"""

from __future__ import annotations

import numpy as np

from budgetsim.theory._arrays import (
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    WHOLE_POSITIVE,
    Array,
    common_namespace,
    elementwise,
    whole,
)
from budgetsim.theory.verifiers import resample_until_accept


@elementwise(input_tokens=NON_NEGATIVE, output_tokens=NON_NEGATIVE, input_price=NON_NEGATIVE, output_price=NON_NEGATIVE)
def money_cost(input_tokens: Array, output_tokens: Array, input_price: Array, output_price: Array) -> Array:
    r"""Money for one call, :math:`\alpha_1 n_{in} + \alpha_2 n_{out}`.

    Parameters
    ----------
    input_tokens, output_tokens
        Tokens read (history included) and written, 0 or more.
    input_price, output_price
        Prices per token in one currency, 0 or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2406.06461, as reported.

    Examples
    --------
    >>> round(money_cost(1000, 200, 1.5e-6, 2e-6), 6)
    0.0019
    """
    return input_price * input_tokens + output_price * output_tokens


@elementwise(budget=NON_NEGATIVE, sample_tokens=POSITIVE)
def self_consistency_samples(budget: Array, sample_tokens: Array) -> Array:
    r"""Whole samples that a budget pays for, :math:`\lfloor B/t \rfloor`.

    Parameters
    ----------
    budget, sample_tokens
        Tokens in all, 0 or more, and tokens of one sample, prompt included, above 0.

    Notes
    -----
    Derived.

    Examples
    --------
    >>> self_consistency_samples(8550, 350)
    24
    """
    xp = common_namespace(budget)
    return whole(xp, xp.floor(budget / sample_tokens + 1e-9))


@elementwise(agents=WHOLE_POSITIVE, rounds=WHOLE_POSITIVE, prompt_tokens=NON_NEGATIVE, answer_tokens=NON_NEGATIVE)
def debate_tokens(agents: Array, rounds: Array, prompt_tokens: Array, answer_tokens: Array) -> Array:
    r"""Tokens of a debate in which everybody rereads everything, :math:`nR(q+a) + n^2 a R(R-1)/2`.

    Parameters
    ----------
    agents, rounds
        Agents n and rounds R, 1 or more.
    prompt_tokens, answer_tokens
        Tokens q of the prompt and a of one answer, 0 or more.

    Returns
    -------
    array
        Tokens read and written in all: quadratic in the agents and in the rounds.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived: in round r every agent reads the prompt and the n (r - 1) answers given so far.

    Examples
    --------
    >>> debate_tokens(3, 3, 150, 200), self_consistency_samples(debate_tokens(3, 3, 150, 200), 350)
    (8550.0, 24)
    """
    reread = 0.5 * agents**2 * answer_tokens * rounds * (rounds - 1.0)
    return agents * rounds * (prompt_tokens + answer_tokens) + reread


def self_consistency_accuracy(probability: float, wrong_answers: int, samples: int) -> float:
    """Accuracy of a plurality of samples if all wrong answers are equally likely, ties broken at random.

    Parameters
    ----------
    probability
        Chance that one sample is right, in [0, 1].
    wrong_answers
        Different wrong answers that share the rest, 1 or more.
    samples
        Samples, 0 or more (none is wrong).

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived; see :func:`budgetsim.theory.plurality.plurality_accuracy` for any answers and many problems at once.
    Plain numbers only.

    Examples
    --------
    >>> [round(self_consistency_accuracy(0.45, 3, samples), 4) for samples in (1, 5, 32)]
    [0.45, 0.594, 0.9403]
    """
    from budgetsim.theory.plurality import plurality_accuracy  # loads SciPy

    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"probability must be in [0, 1], got {probability}")
    if wrong_answers != int(wrong_answers) or wrong_answers < 1:
        raise ValueError(f"wrong_answers must be a whole number, 1 or more, got {wrong_answers}")
    if samples != int(samples) or samples < 0:
        raise ValueError(f"samples must be a whole number, 0 or more, got {samples}")
    wrong = np.full(int(wrong_answers), (1.0 - probability) / wrong_answers)
    return float(plurality_accuracy(np.concatenate([[probability], wrong]), int(samples)))


@elementwise(
    probability=PROBABILITY, true_positive_rate=PROBABILITY, false_positive_rate=PROBABILITY, attempts=WHOLE_POSITIVE
)
def retry_accuracy(probability: Array, true_positive_rate: Array, false_positive_rate: Array, attempts: Array) -> Array:
    r"""Accuracy if one retries until an evaluator accepts, at most R times, and else keeps the last attempt.

    :math:`\frac{p\,TPR}{A}(1-(1-A)^R) + (1-A)^{R-1} p (1-TPR)` with :math:`A = p\,TPR + (1-p) FPR`.

    Parameters
    ----------
    probability
        Chance that one attempt is right, in [0, 1].
    true_positive_rate, false_positive_rate
        Chances that the evaluator accepts a right and a wrong attempt, in [0, 1]; 1 and 0 is an oracle, which no
        real system has.
    attempts
        Largest number of attempts R, 1 or more; the evaluator's tokens come on top.

    Returns
    -------
    array
        Accuracy, in [0, 1]. :func:`budgetsim.theory.verifiers.resample_until_accept` counts a run without
        acceptance as wrong instead.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(retry_accuracy(0.45, 1.0, 0.0, 5), 3), round(retry_accuracy(0.45, 0.8, 0.5, 5), 3)
    (0.95, 0.565)
    """
    xp = common_namespace(probability)
    accepted = resample_until_accept(probability, true_positive_rate, false_positive_rate, attempts).accuracy
    rejects = 1.0 - probability * true_positive_rate - (1.0 - probability) * false_positive_rate
    rejects = xp.maximum(rejects, 0.0)
    # A single attempt is kept whatever the evaluator says; 0 ** 0 has no derivative.
    earlier = xp.where(attempts > 1.0, rejects ** xp.maximum(attempts - 1.0, 1.0), 1.0)
    return accepted + earlier * probability * (1.0 - true_positive_rate)
