"""Repeated sampling, votes and verifiers: ten papers, from Large Language Monkeys (arXiv 2407.21787) on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.repeated_sampling_verifiers import verifier_claims
from budgetsim.reproduce.verdicts import identity, number, numbers, ordering, statement, unverified
from budgetsim.theory.adaptive import adaptive_min_majority, adaptive_stop_probability
from budgetsim.theory.allocation import exchange_multiplier, greedy_coverage_allocation, rebase_allocation
from budgetsim.theory.coverage import (
    beta_failure_asymptote,
    beta_pass_at_k,
    beta_two_point_fit,
    coverage_power_fit,
    pass_at_k,
)
from budgetsim.theory.votes import majority_increment, optimal_vote_count, two_level_vote, vote_regime

_FAILURES = {
    (0.3, 2.0): (".55851", ".29163", ".14681", ".073611"),
    (0.5, 5.0): (".56783", ".21309", ".068804", ".021804"),
    (1.0, 1.0): (".090909", ".009901", ".000999", ".00009999"),
    (0.15, 1.5): (".70808", ".50823", ".36032", ".25512"),
}


def claims() -> Iterator[Claim]:
    """Every exact claim."""
    yield from _coverage()
    yield from _power_laws()
    yield from _votes()
    yield from _allocation()
    yield from _adaptive()
    yield from verifier_claims()


def _coverage() -> Iterator[Claim]:
    law, shapes = coverage_power_fit(0.159, 250, 0.56), beta_two_point_fit(0.159, 250, 0.56)
    where = "through 15.9 % at 1 and 56 % at 250 samples (DeepSeek-Coder-V2, SWE-bench Lite)"
    yield numbers(
        "scale and exponent of the coverage law exp(a k^b)",
        where,
        theirs=("-1.839", "-.209"),
        ours=[float(law.scale), float(law.exponent)],
        evidence="derived",
    )
    yield numbers(
        "shapes of the Beta distribution of success probabilities",
        where,
        theirs=(".1220", ".6454"),
        ours=[float(shapes.alpha), float(shapes.beta)],
        evidence="derived",
    )
    counts = np.array([1.0, 5.0, 25.0, 100.0, 250.0, 1000.0])
    yield numbers(
        "coverage of that Beta population at 1, 5, 25, 100, 250, 1000 samples",
        where,
        theirs=(".159", ".294", ".418", ".508", ".560", ".628"),
        ours=[float(value) for value in beta_pass_at_k(shapes.alpha, shapes.beta, counts)],
        evidence="derived",
    )
    far = 1e5
    gap = float(np.exp(law.scale * far**law.exponent) - beta_pass_at_k(shapes.alpha, shapes.beta, far))
    yield statement(
        "two laws through the same two points predict the same coverage",
        f"{where}; power law less Beta population at 100,000 samples",
        theirs="the same",
        ours=gap,
        holds=abs(gap) < 0.005,
        evidence="derived",
    )
    samples, chance, k = 200, 0.03, 50
    mass = [math.comb(samples, c) * chance**c * (1 - chance) ** (samples - c) for c in range(samples + 1)]
    unbiased = sum(weight * float(pass_at_k(samples, c, k)) for c, weight in enumerate(mass))
    plug_in = sum(weight * (1 - (1 - c / samples) ** k) for c, weight in enumerate(mass))
    truth = 1 - (1 - chance) ** k
    yield numbers(
        "pass@50, and mean of its plug-in estimate",
        "success .03, 200 samples; mean over the binomial distribution",
        theirs=(".782", ".740"),
        ours=[truth, plug_in],
        evidence="derived",
    )
    yield identity(
        "the mean of the unbiased estimate is pass@50",
        "success .03, 200 samples; mean over the binomial distribution",
        theirs="equal",
        gap=unbiased - truth,
        evidence="derived",
    )
    yield statement(
        "plugging the mean success rate into 1 - (1 - p)^k estimates pass@k",
        "success .03, 200 samples, k = 50; bias",
        theirs="unbiased",
        ours=plug_in - truth,
        holds=abs(plug_in - truth) < 1e-9,
        evidence="derived",
    )


def _power_laws() -> Iterator[Claim]:
    counts = np.array([10.0, 100.0, 1000.0, 10000.0])
    for (alpha, beta), printed in _FAILURES.items():
        yield numbers(
            "mean failure E(1-p)^k at 10, 100, 1000, 10,000 samples",
            f"success probabilities Beta({alpha}, {beta})",
            theirs=printed,
            ours=[1.0 - float(value) for value in beta_pass_at_k(alpha, beta, counts)],
            evidence="derived",
        )
    ratios, slopes, near = [], [], []
    grid = np.geomspace(1e2, 1e4, 200)
    for alpha, beta in ((0.3, 2.0), (0.5, 5.0)):
        ratios.append(
            (1.0 - float(beta_pass_at_k(alpha, beta, 100.0))) / float(beta_failure_asymptote(alpha, beta, 100.0))
        )
        slopes.append(float(np.polyfit(np.log(grid), np.log(-np.log(beta_pass_at_k(alpha, beta, grid))), 1)[0]))
        near.append(abs(-slopes[-1] - alpha) < 0.005)
    yield numbers(
        "mean failure over its asymptote at 100 samples",
        "Beta(.3, 2) and Beta(.5, 5)",
        theirs=(".995", ".977"),
        ours=ratios,
        evidence="derived",
    )
    yield numbers(
        "slope of log(-log coverage) from 100 to 10,000 samples",
        "Beta(.3, 2) and Beta(.5, 5); least squares on 200 points evenly spaced in the logarithm",
        theirs=("-.326", "-.517"),
        ours=slopes,
        evidence="derived",
    )
    yield statement(
        "the exponent of the power law is the exponent of the density near 0",
        "slopes from 100 to 10,000 samples for Beta(.3, 2) and Beta(.5, 5), which have -.3 and -.5",
        theirs="-.3, -.5",
        ours=", ".join(f"{slope:.3f}" for slope in slopes),
        holds=all(near),
        only_if=(
            "samples go to infinity",
            abs(1.0 - float((1 - beta_pass_at_k(0.3, 2.0, 1e6)) / beta_failure_asymptote(0.3, 2.0, 1e6))) < 1e-3,
        ),
        evidence="sourced",
    )


def _votes() -> Iterator[Claim]:
    yield numbers(
        "accuracy gained by two more votes than 1, 3, 7, 15",
        "independent votes of accuracy .63",
        theirs=(".060606", ".042382", ".026866", ".014583"),
        ours=[float(majority_increment(0.63, votes)) for votes in (1, 3, 7, 15)],
        evidence="derived",
    )
    kinds = ((0.6, 0.85, 0.40), (0.7, 0.9, 0.45), (0.55, 0.8, 0.3), (0.5, 0.9, 0.48))
    yield numbers(
        "best number of votes on two kinds of problems",
        "share of the easy kind and accuracies .6, .85, .40; .7, .9, .45; .55, .8, .3; .5, .9, .48",
        theirs=("5", "5", "5", "5"),
        ours=[float(optimal_vote_count(*kind).votes) for kind in kinds],
        evidence="derived",
    )
    tried = np.arange(1, 200, 2)
    yield numbers(
        "the same by trying every odd number below 200",
        "the same four",
        theirs=("5", "5", "5", "5"),
        ours=[float(tried[int(np.argmax([two_level_vote(int(votes), *kind) for votes in tried]))]) for kind in kinds],
        evidence="derived",
    )
    found = [
        vote_regime(*kind) for kind in ((0.28, 0.85, 0.4), (0.402, 0.85, 0.4), (0.533, 0.6, 0.2), (0.767, 0.6, 0.2))
    ]
    yield numbers(
        "share of easy problems at which the curve changes its shape",
        "accuracies .85 and .40; .6 and .2",
        theirs=(".350", ".667"),
        ours=[found[0].threshold, found[2].threshold],
        evidence="derived",
    )
    names = [part.regime for part in found]
    yield statement(
        "shape of the voting curve below and above that share",
        "accuracies .85 and .40 at shares .280, .402; .6 and .2 at .533, .767",
        theirs="decreasing, up-down, down-up, increasing",
        ours=", ".join(names),
        holds=names == ["decreasing", "up-down", "down-up", "increasing"],
        evidence="derived",
    )
    yield statement(
        "with accuracies that add to more than 1 and many easy problems the curve rises throughout",
        "a public summary page; accuracies .85 and .40 at a share of .402",
        theirs="increasing",
        ours=names[1],
        holds=names[1] == "increasing",
        evidence="second-hand",
    )


def _allocation() -> Iterator[Claim]:
    widths = [rebase_allocation(scores, 16) for scores in ((0.9, 0.8, 0.5, 0.2), (0.5,) * 5, (0.99, 0.1, 0.1))]
    for scores, printed, found in zip(
        (".9, .8, .5, .2", "five equal ones", ".99, .1, .1"),
        (("10", "5", "1", "0"), ("4", "3", "3", "3", "3"), ("16", "0", "0")),
        widths,
        strict=True,
    ):
        yield numbers(
            "children of each node under REBASE",
            f"width 16, temperature .2, scores {scores}",
            theirs=printed,
            ours=[float(count) for count in found],
            evidence="sourced",
        )
    yield ordering(
        "REBASE with a 7B model is above sampling with a 34B model",
        "MATH-500, 46.8 against 46.7 %, at about half of the compute; independent samples of 500 questions",
        theirs="7B > 34B",
        difference=0.001,
        se=math.sqrt((0.468 * 0.532 + 0.467 * 0.533) / 500),
        evidence="second-hand",
    )
    yield numbers(
        "inference compute that a 14 times smaller model may spend",
        "inference tokens .08, .40 and 11 times those of pre-training, verifier included",
        theirs=("257.75", "62.75", "15.77"),
        ours=[float(exchange_multiplier(14.0, ratio)) for ratio in (0.08, 0.40, 11.0)],
        evidence="derived",
    )
    best = greedy_coverage_allocation([0.5, 0.2, 0.05], 9)
    chances = np.array([0.5, 0.2, 0.05])
    tried = (counts for counts in itertools.product(range(10), repeat=3) if sum(counts) == 9)
    enumerated = max(float(np.sum(1.0 - (1.0 - chances) ** np.array(counts))) for counts in tried)
    yield number(
        "items solved by the best division of 9 samples",
        "success .5, .2, .05; one sample at a time to the largest gain",
        theirs="1.612856",
        ours=float(best.coverage),
        evidence="derived",
    )
    yield statement(
        "giving each sample to the largest gain is optimal",
        "the same; best of all divisions",
        theirs="optimal",
        ours=enumerated,
        holds=abs(enumerated - float(best.coverage)) < 1e-12,
        evidence="derived",
    )


def _adaptive() -> Iterator[Claim]:
    yield numbers(
        "posterior that a unanimous answer is the likelier one after 1, 2, 3, 4 samples",
        "Adaptive-Consistency, uniform prior",
        theirs=(".75", ".875", ".9375", ".96875"),
        ours=[float(adaptive_stop_probability(votes, 0)) for votes in (1, 2, 3, 4)],
        evidence="derived",
    )
    yield numbers(
        "votes of the leader at which sampling stops, runner-up at 0, 1, 2, 3, 4, 5",
        "Adaptive-Consistency, threshold .95",
        theirs=("4", "6", "8", "9", "11", "12"),
        ours=[float(adaptive_min_majority(votes)) for votes in range(6)],
        evidence="derived",
    )
    yield number(
        "the posterior at 5 votes to 2",
        "Adaptive-Consistency, uniform prior",
        theirs=".85546875",
        ours=float(adaptive_stop_probability(5, 2)),
        evidence="derived",
    )
    error = 0.48 ** adaptive_min_majority(0)
    yield statement(
        "stopping at .95 keeps the likelier answer in 95 % of the runs",
        "answers .52 and .48; chance of stopping unanimously on the wrong one at the first occasion alone",
        theirs="<= .05",
        ours=error,
        holds=error <= 0.05,
        evidence="derived",
    )
    yield unverified(
        "up to 6 times fewer samples at less than .1 % loss",
        "Adaptive-Consistency, 13 data sets",
        theirs="6.0",
        evidence="sourced",
    )
