"""Errata about votes, repeated samples and verifiers."""

from __future__ import annotations

import math

from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.theory import adaptive, allocation, coverage, equal_budget, verifiers, votes

ECONOMIES = "Reasoning in Token Economies, Wang et al., arXiv 2406.06461"
MONKEYS = "Large Language Monkeys, Brown et al., arXiv 2407.21787"
CALLS = "Are More LLM Calls All You Need?, Chen et al., arXiv 2403.02419"


def _votes_need_one_half() -> tuple[Gap, ...]:
    return (
        Gap(
            "accuracy of 9 votes of accuracy .45, three wrong answers (said: at most)",
            0.45,
            equal_budget.self_consistency_accuracy(0.45, 3, 9),
        ),
    )


def _debates_without_history() -> tuple[Gap, ...]:
    return (
        Gap(
            "tokens of 6 debaters in 6 rounds, questions of 150 and answers of 200 tokens",
            6 * 6 * (150 + 200),
            equal_budget.debate_tokens(6, 6, 150, 200),
        ),
    )


def _plug_in_coverage() -> tuple[Gap, ...]:
    samples, chance, k = 200, 0.03, 50
    mass = [math.comb(samples, c) * chance**c * (1 - chance) ** (samples - c) for c in range(samples + 1)]
    plug_in = sum(weight * (1 - (1 - c / samples) ** k) for c, weight in enumerate(mass))
    estimate = sum(weight * coverage.pass_at_k(samples, c, k) for c, weight in enumerate(mass))
    return (Gap("mean estimate of pass@50 from 200 samples of success .03", plug_in, float(estimate)),)


def _power_law_read_off_a_curve() -> tuple[Gap, ...]:
    shape = 0.3
    low, high = (math.log(-math.log(coverage.beta_pass_at_k(shape, 2.0, k))) for k in (100, 10_000))
    return (
        Gap(
            "exponent of coverage, Beta(.3, 2) problems, read off from 100 to 10,000 samples",
            -(high - low) / math.log(100),
            shape,
        ),
    )


def _regimes_of_vote_curves() -> tuple[Gap, ...]:
    few, many = (votes.two_level_vote(count, 0.6, 0.85, 0.4) for count in (5, 101))
    return (
        Gap(
            "accuracy of 101 votes less that of 5: 60 % of problems at .85, the rest at .40 (said: at least)",
            0.0,
            float(many - few),
        ),
    )


def _five_percent_errors() -> tuple[Gap, ...]:
    unanimous = adaptive.adaptive_min_majority(0)
    return (
        Gap("chance to stop unanimously on the rarer of answers .52 and .48 (said: at most)", 0.05, 0.48**unanimous),
    )


def _token_cap_of_rebase() -> tuple[Gap, ...]:
    return (Gap("longest path of a released run, tokens: steps of 256, depth 25", 1024, 256 * 25),)


def _exchange_without_verifier() -> tuple[Gap, ...]:
    return (
        Gap(
            "inference compute that a 14 times smaller model may spend, inference tokens 0.4 of pre-training's",
            allocation.exchange_multiplier(14.0, 0.4, 3.0),
            allocation.exchange_multiplier(14.0, 0.4),
        ),
    )


def _coverage_is_accuracy() -> tuple[Gap, ...]:
    return (
        Gap(
            "share of right answers after any number of tries, success .05, false positives .1",
            1.0,
            float(verifiers.resample_until_accept(0.05, 1.0, 0.1, 8).ceiling),
        ),
    )


def _more_candidates_never_hurt() -> tuple[Gap, ...]:
    few, many = (verifiers.best_of_n_accuracy(count, 0.3, 1.0, 0.8, 1.2) for count in (8, 4096))
    return (
        Gap(
            "accuracy of the best of 4096, scores of wrong answers wider (said: at least that of the best of 8)",
            few,
            many,
        ),
    )


ERRATA = (
    Erratum(
        key="votes_need_one_half",
        title="Votes help only above one half",
        said="Self-consistency helps where one sample is right with probability above .5 and hurts below.",
        where=f"{ECONOMIES}, as reported by public notes",
        by="paper",
        evidence="second-hand",
        right="It helps where the right answer is likelier than every single wrong one; .5 is the line only if one "
        "wrong "
        "answer takes all the rest.",
        proof="By the law of large numbers the plurality of many votes is the likeliest answer; .45 beats three wrong "
        "answers of .183 each.",
        gaps=_votes_need_one_half,
    ),
    Erratum(
        key="debates_without_history",
        title="Debates at a linear price",
        said=r"n agents in R rounds cost $nR(q+a)$ tokens.",
        where="a usual count of queries, against the token axis of " + ECONOMIES,
        by="popular",
        evidence="derived",
        right=r"With full history $nR(q+a)+n^2aR(R-1)/2$.",
        proof="In round r each agent reads the n(r - 1) answers so far, a tokens each; sum over agents and rounds.",
        gaps=_debates_without_history,
    ),
    Erratum(
        key="plug_in_coverage",
        title="Coverage by plugging in the mean",
        said=r"pass@k is $1-(1-c/n)^k$.",
        where=f"a common shortcut; {MONKEYS} uses the unbiased estimator",
        by="popular",
        evidence="derived",
        right=r"$1-\binom{n-c}k/\binom nk$.",
        proof="$(1-x)^k$ is convex, so by Jensen the plug-in is low on average; the other is the mean over all "
        "k-subsets.",
        gaps=_plug_in_coverage,
    ),
    Erratum(
        key="power_law_read_off_a_curve",
        title="The exponent read off a finite curve",
        said="The slope of log(-log coverage) over the samples at hand is the exponent of the power law.",
        where="common practice; the limit is stated in How Do Large Language Monkeys Get Their Power (Laws)?, "
        "Schaeffer "
        "et al., arXiv 2502.17578",
        by="popular",
        evidence="derived",
        right="The exponent is that of the density of success probabilities near 0; a finite slope need not have "
        "reached it.",
        proof=r"$-\log(1-F)=F+F^2/2+\dots$ with F the failure rate; the higher terms die out only as F does, like "
        r"$k^{-\alpha}$.",
        gaps=_power_law_read_off_a_curve,
    ),
    Erratum(
        key="regimes_of_vote_curves",
        title="Permuted regimes of vote curves",
        said=r"For $p_1+p_2>1$ and a large share of easy problems the curve rises throughout.",
        where=f"a public summary page of {CALLS}",
        by="popular",
        evidence="sourced",
        right="It rises and then falls; it rises throughout for a large share and $p_1+p_2<1$.",
        proof="The increment of an item falls like $(p(1-p))^{K/2}$, faster for the easy items when $p_1+p_2>1$; so "
        "the "
        "losses on hard items win in the end.",
        gaps=_regimes_of_vote_curves,
    ),
    Erratum(
        key="five_percent_errors",
        title="Stopping at 95 % errs in 5 %",
        said="Adaptive-Consistency with threshold .95 keeps the likelier answer in 95 % of the runs.",
        where="a reading of Let's Sample Step by Step, Aggarwal et al., arXiv 2305.11860",
        by="popular",
        evidence="derived",
        right="The threshold is a posterior under a uniform prior, looked at after every sample; it bounds no error "
        "rate.",
        proof="Near an even split the first unanimous stop alone errs with probability .48 to the power 4, and further "
        "looks only add to it.",
        gaps=_five_percent_errors,
    ),
    Erratum(
        key="token_cap_of_rebase",
        title="A token cap that binds one step only",
        said="Paths are cut at 1024 tokens.",
        where="GitHub thu-wyz/rebase, rebase.py",
        by="code",
        evidence="sourced",
        right="The counter holds the node's own step and never its parents', so that only the depth of 25 steps of "
        "256 limits a path.",
        proof="A step has at most 256 tokens, which is below 1024: the test can never be true.",
        gaps=_token_cap_of_rebase,
    ),
    Erratum(
        key="exchange_without_verifier",
        title="An exchange rate without the verifier",
        said=r"Inference costs $2ND$, so the factor of the exchange rate is 3.",
        where="Scaling LLM Test-Time Compute Optimally, Snell et al., arXiv 2408.03314, first version",
        by="paper",
        evidence="sourced",
        right=r"$4ND$ with a verifier of the same size (later version): the factor is 1.5.",
        proof=r"$M(X+Y)=X+kY$ with $X=6ND_{pre}$ gives $k=M+\frac XY(M-1)$, and X/Y halves when Y doubles.",
        gaps=_exchange_without_verifier,
    ),
    Erratum(
        key="coverage_is_accuracy",
        title="Coverage taken for accuracy",
        said="With enough samples and a verifier every problem is solved.",
        where="a reading of coverage curves; against it Inference Scaling fLaws, Stroebl et al., arXiv 2411.17501",
        by="popular",
        evidence="derived",
        right="A verifier with false positives caps accuracy at "
        r"$p\,\mathrm{TPR}/(p\,\mathrm{TPR}+(1-p)\,\mathrm{FPR})$.",
        proof="The first accepted answer is right with that probability however many are tried.",
        gaps=_coverage_is_accuracy,
    ),
    Erratum(
        key="more_candidates_never_hurt",
        title="More candidates never hurt",
        said="The best-scored of more candidates is at least as often right.",
        where="a common belief; against it Scaling Flaws of Verifier-Guided Search, Yu, Li, Wang, arXiv 2502.00271",
        by="popular",
        evidence="derived",
        right="Only if the scores of wrong answers have no heavier tail than those of right ones.",
        proof=r"The maximum of n normal scores grows like $\sigma\sqrt{2\ln n}$: in the end the wider kind wins, "
        "whatever its mean.",
        gaps=_more_candidates_never_hurt,
    ),
)
