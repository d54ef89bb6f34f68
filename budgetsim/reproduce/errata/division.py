"""Errata about dividing a budget over sub-questions."""

from __future__ import annotations

import numpy as np

from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.theory import bbam, bbam_capped, bbam_common, plan_and_budget

PAPER = (
    "Plan and Budget: Effective and Efficient Test-Time Scaling on (Reasoning) Large Language Models, Lin et al., "
    "arXiv 2505.16122"
)
CODE = "GitHub junhongmit/P-and-B"
UNCERTAINTY, RATES = (5.0, 20.0, 80.0), (1.0, 1.5, 2.5)


def _eq6_mixed_decay_rates() -> tuple[Gap, ...]:
    left = [
        (float(rule(UNCERTAINTY, RATES, 300.0).epistemic_uncertainty), float(rule(UNCERTAINTY, RATES, 1e4).budgets[0]))
        for rule in (bbam.bam_eq6, bbam.bam_exact)
    ]
    return (
        Gap("uncertainty left, c = (5, 20, 80), decay rates (1, 1.5, 2.5), 300 tokens", left[0][0], left[1][0]),
        Gap("share of the first sub-question at 10,000 tokens", left[0][1] / 1e4, left[1][1] / 1e4),
    )


def _hump_of_tokens_in_difficulty() -> tuple[Gap, ...]:
    return (
        Gap(
            "decay rate with the most tokens, uncertainty over price 1000 (said: in the domain, at least 1)",
            1.0,
            bbam_common.peak_decay_rate(1000.0),
        ),
    )


def _uncertainty_as_probability() -> tuple[Gap, ...]:
    stationary = np.asarray(bbam.bam_exact((10.0, 10.0), (1.0, 1.0), 12.0).budgets)
    return (
        Gap(
            "expected errors on two sub-questions of c = 10, decay rate 1, with 12 tokens",
            float(np.sum(np.minimum(1.0, 10.0 / stationary))),
            float(bbam_capped.capped_allocation((10.0, 10.0), (1.0, 1.0), 12.0).errors),
        ),
    )


def _e3_of_a_review() -> tuple[Gap, ...]:
    return (
        Gap("E3 of 90 % at 1000 tokens", 81.0, plan_and_budget.e3_score(90.0, 1000.0), 0.5),
        Gap("E3 of 80 % at 500 tokens", 128.0, plan_and_budget.e3_score(80.0, 500.0), 0.5),
    )


def _script_prints_accuracy_over_tokens() -> tuple[Gap, ...]:
    good, cheap = (90.0, 1000.0), (50.0, 400.0)
    return (
        Gap(
            "score of 90 % at 1000 tokens over that of 50 % at 400 tokens",
            (good[0] / good[1]) / (cheap[0] / cheap[1]),
            plan_and_budget.e3_score(*good) / plan_and_budget.e3_score(*cheap),
        ),
    )


def _words_for_tokens() -> tuple[Gap, ...]:
    return (
        Gap(
            "tokens granted by 600 words at 4 tokens for 3 words", 600.0, plan_and_budget.word_budget_tokens(600, 4 / 3)
        ),
    )


def _unguarded_floor() -> tuple[Gap, ...]:
    credits = (20, 30, 30, 20)
    released = plan_and_budget.plan_and_budget_allocation(credits, "cosine", 600, guard=0.0)
    exact = plan_and_budget.plan_and_budget_allocation(credits, "cosine", 600)
    return tuple(
        Gap(
            f"tokens of step {step + 1}, credits 20, 30, 30, 20, cosine schedule, 600 tokens",
            released[step],
            exact[step],
        )
        for step in (0, 1)
    )


def _headline_on_math() -> tuple[Gap, ...]:
    return (
        Gap(
            "largest gain of E3 on MATH-500 with DS-Qwen-32B, %, from 5.26 to 5.92",
            193.8,
            100.0 * (5.92 / 5.26 - 1.0),
            0.05,
        ),
    )


ERRATA = (
    Erratum(
        key="eq6_mixed_decay_rates",
        title="Eq. 6 of the Bayesian budget allocation model is the optimum",
        said=r"$b_j=B\,(c_j\beta_j)^{1/(\beta_j+1)}/\sum_k(c_k\beta_k)^{1/(\beta_k+1)}$ minimizes the uncertainty "
        "for any decay rates.",
        where=f"{PAPER}, Eq. 6, as quoted by a public review and a note",
        by="paper",
        evidence="second-hand",
        right=r"$b_j=(c_j\beta_j/\lambda)^{1/(\beta_j+1)}$ with $\lambda$ from the budget; Eq. 6 only for a common "
        "decay rate.",
        proof=r"Stationarity is $c_j\beta_jb_j^{-\beta_j-1}=\lambda$. The factor $\lambda^{-1/(\beta_j+1)}$ cancels "
        "in the "
        r"normalization only if all $\beta_j$ agree, and the true shares change with B while those of Eq. 6 do not.",
        gaps=_eq6_mixed_decay_rates,
    ),
    Erratum(
        key="hump_of_tokens_in_difficulty",
        title="Middling difficulty gets the most tokens",
        said="Within the model the best budget first rises and then falls in the difficulty parameter.",
        where=f"{PAPER}, as reported by public reviews and notes",
        by="paper",
        evidence="second-hand",
        right=r"For $\beta\ge1$, the model's own domain, and $c/\lambda>e^2$ the budget only falls in $\beta$, and a "
        "large "
        r"$\beta$ means easy; it only rises in c.",
        proof=r"$\frac{d}{d\beta}\frac{\ln(K\beta)}{\beta+1}=0$ where $1+1/\beta=\ln(K\beta)$. At $\beta=1$ the "
        "right side is "
        r"$\ln K>2$, so the peak lies below 1.",
        gaps=_hump_of_tokens_in_difficulty,
    ),
    Erratum(
        key="uncertainty_as_probability",
        title="The stationary rule with uncertainty read as a chance of error",
        said=r"Dividing by $c_j\beta_jb_j^{-\beta_j-1}=\lambda$ makes the fewest errors.",
        where=f"a reading of the model of {PAPER}",
        by="popular",
        evidence="derived",
        right=r"A chance is at most 1. With $\min(1,c/b^\beta)$ the problem is not concave and giving up a "
        "sub-question can win.",
        proof=r"Below $b=c^{1/\beta}$ tokens are wasted: two sub-questions of c = 10 with 6 tokens each both fail "
        "surely, "
        "while 12 tokens on one solve it now and then.",
        gaps=_uncertainty_as_probability,
    ),
    Erratum(
        key="e3_of_a_review",
        title="Worked examples of E3 ten times too large",
        said="90 % at 1000 tokens scores 81 and 80 % at 500 tokens 128.",
        where=f"a public review of {PAPER}",
        by="popular",
        evidence="sourced",
        right=r"$E^3=A^2/T$ with A in percent: 8.1 and 12.8.",
        proof="Square the percentage and divide by the tokens.",
        gaps=_e3_of_a_review,
    ),
    Erratum(
        key="script_prints_accuracy_over_tokens",
        title="The released script prints another score than E3",
        said="Accuracy over mean tokens is printed as the efficiency.",
        where=CODE,
        by="code",
        evidence="sourced",
        right=r"E3 is accuracy *squared* over tokens (as reported).",
        proof="The two rank differently as soon as one run has the better accuracy and the worse ratio of accuracy to "
        "tokens: compare 90 % at 1000 tokens with 50 % at 400.",
        gaps=_script_prints_accuracy_over_tokens,
    ),
    Erratum(
        key="words_for_tokens",
        title="Budgets of steps are written in words",
        said="The local budgets, computed in tokens, are put into the prompt as words.",
        where=CODE,
        by="code",
        evidence="sourced",
        right="Convert: at 4 tokens for 3 words a budget written as words grants a third more.",
        proof="n words are n times the tokens per word, which is above 1 for the tokenizers in use.",
        gaps=_words_for_tokens,
    ),
    Erratum(
        key="unguarded_floor",
        title="A floor of floats loses a token",
        said=r"$\lfloor B\,w_id_i/\sum_kw_kd_k\rfloor$ in floating point, the rest to the largest shares.",
        where=CODE,
        by="code",
        evidence="sourced",
        right="Guard the floor: shares that are whole numbers in exact arithmetic stay whole.",
        proof="The exact shares are 220, 255, 105 and 20; in floats the first is 220 less 2.8e-14, is floored to "
        "219, and "
        "its token goes to the largest share.",
        gaps=_unguarded_floor,
    ),
    Erratum(
        key="headline_on_math",
        title="The gain of 193.8 % on mathematics",
        said="+193.8 % of E3 is a result on MATH.",
        where=f"an older public note on {PAPER}",
        by="popular",
        evidence="second-hand",
        right="It is one cell of TravelPlanner, 0.16 to 0.47; the cell of the same model on MATH-500 gives +12.5 % "
        "(as reported).",
        proof="0.47/0.16 - 1 = 193.75 %, and 5.92/5.26 - 1 = 12.5 %. With E3 rounded to .01 the headline itself is "
        "only "
        "known to lie between 182 and 206 %.",
        gaps=_headline_on_math,
    ),
)
