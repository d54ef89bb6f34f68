"""Errata about trees of agents."""

from __future__ import annotations

from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.theory import continuous, correlation, correlation_sources, organization, phase, predictors, votes

PAPER = "Phase Transition for Budgeted Multi-Agent Synergy, Liu, Kong, Pei, arXiv 2601.17311"


def _shared_before_channel() -> tuple[Gap, ...]:
    setting = {"bias": 0.4, "fan_in": 5, "fidelity": 0.6, "correlation": 0.3}
    return (
        Gap(
            "bias after one level, 5 votes of bias .4, fidelity .6, correlation .3",
            phase.one_level_map_shared_before_channel(**setting),
            phase.one_level_map(**setting),
        ),
    )


def _clipped_predictor_is_conservative() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            f"bias after {depth} levels of 5, leaf bias .05, fidelity .6, no correlation (said: at least)",
            predictors.clipped_predictor(0.05, 5, depth, 0.6, 0.0),
            phase.iterate_bias(0.05, 5, depth, 0.6, 0.0),
        )
        for depth in (10, 22)
    )


def _three_to_five_agents() -> tuple[Gap, ...]:
    exponent = organization.organization_exponent(3, 0.98, 0.0)
    message_cost = organization.communication_cost_per_leaf(50, 3)
    return (
        Gap(
            "smallest fan-in that amplifies, fidelity .4, correlation .3 (said: at most)",
            5,
            phase.minimum_fan_in(0.4, 0.3),
        ),
        Gap(
            "leaves of the best tree, 10 million tokens, fan-in 3, fidelity .98, compute exponent .1, messages of 50",
            5,
            organization.optimal_leaf_count(1e7, 0.1, exponent, message_cost),
        ),
    )


def _agents_are_submodular() -> tuple[Gap, ...]:
    one, two, three = (votes.majority_vote_accuracy(0.6, count) for count in (1, 2, 3))
    return (Gap("accuracy gained by a third vote of accuracy .6 (said: at most the second's)", two - one, three - two),)


def _one_correlation_for_everything() -> tuple[Gap, ...]:
    found = correlation_sources.misattribution(5, 0.6, 0.1, 0.3)
    return (
        Gap(
            "amplification of 5 votes, fidelity .6, correlation .1 given the problem and .3 through it",
            found.inferred_amplification,
            found.amplification,
        ),
    )


def _enough_agents_always_amplify() -> tuple[Gap, ...]:
    return (
        Gap(
            "amplification of 101 votes of correlation .2 at fidelity .5; right: beta-binomial votes",
            phase.amplification(101, 0.5, 0.2),
            0.5 * correlation.beta_binomial_majority_slope(101, 0.2),
        ),
    )


def _trees_average_shared_errors_away() -> tuple[Gap, ...]:
    return (
        Gap(
            "variance at the root of 729 leaves of variance 2 whose errors all share a correlation of .3",
            continuous.tree_risk(3, 6, 0.3, 2.0, 0.0),
            continuous.star_risk(729, 0.3, 2.0, 0.0),
        ),
    )


ERRATA = (
    Erratum(
        key="shared_before_channel",
        title="A shared error shares the sent vote",
        said="With probability rho all children send one and the same vote, and each message is then disturbed by "
        "itself.",
        where=f"a reading of the model of {PAPER}",
        by="popular",
        evidence="derived",
        right=r"The *received* vote is shared: $T(u)=\rho\gamma u+(1-\rho)f_b(\gamma u)$.",
        proof=r"Disturbing each copy by itself turns one shared vote into a majority, $u f_b(\gamma)>\gamma u$, "
        r"and the received votes then correlate by $\rho\gamma^2\frac{1-u^2}{1-\gamma^2u^2}$, not by $\rho$.",
        gaps=_shared_before_channel,
    ),
    Erratum(
        key="clipped_predictor_is_conservative",
        title="The clipped power law is conservative",
        said=r"$\min(\alpha^L\mu_0,\mu^\star)$ predicts the bias of a deep tree from below.",
        where=f"{PAPER}, abstract, has the word; the formula is the natural reading, the paper's own was not seen",
        by="popular",
        evidence="derived",
        right="It is an upper bound; below lies `certified_lower_bound`.",
        proof=r"The map is concave on $[0,1]$ with slope $\alpha$ at 0, so $T(u)\le\alpha u$ at every level; "
        r"and it is increasing, so $T^L(\mu_0)\le T^L(\mu^\star)=\mu^\star$.",
        gaps=_clipped_predictor_is_conservative,
    ),
    Erratum(
        key="three_to_five_agents",
        title="Three to five agents are best",
        said="The theory of the phase transition recommends 3 to 5 agents.",
        where=f"public notes about {PAPER}",
        by="popular",
        evidence="second-hand",
        right="There is no such number: the least fan-in follows from fidelity and correlation, the leaves from the "
        "budget.",
        proof=r"The smallest amplifying fan-in is the first odd b with $c_b>(1/\gamma-\rho)/(1-\rho)$, unbounded as "
        r"$\gamma\to0$; and $N^\star=B(s-\beta)/(s c_0)$ grows with the budget.",
        gaps=_three_to_five_agents,
    ),
    Erratum(
        key="agents_are_submodular",
        title="Accuracy is submodular in the agents",
        said="Each further agent adds at most what the one before added.",
        where=f"a claim attributed to {PAPER}, which states no such result as far as it was read",
        by="popular",
        evidence="second-hand",
        right="Majorities are not submodular: even votes add nothing, odd ones do.",
        proof=r"With random ties two votes are as accurate as one, $P_2=P_1=p$, and three are better, "
        r"$P_3-P_2=p(1-p)(2p-1)>0$ for $p>\frac12$: the third adds more than the second.",
        gaps=_agents_are_submodular,
    ),
    Erratum(
        key="one_correlation_for_everything",
        title="Correlation measured in logs is the rho of the tree",
        said="The correlation of repeated answers to one problem goes into the amplification factor.",
        where=f"a use of the rule of {PAPER} on logs",
        by="popular",
        evidence="derived",
        right="Only the correlation left given the problem does; what the problem causes stays the same through the "
        "tree.",
        proof=r"$\rho_{total}=\rho_{problem}+(1-\rho_{problem})\rho$, and given the problem the votes obey the map "
        "with "
        r"$\rho$; putting $\rho_{total}$ there can call an amplifying tree a collapsing one.",
        gaps=_one_correlation_for_everything,
    ),
    Erratum(
        key="enough_agents_always_amplify",
        title="Enough agents always amplify",
        said=r"$c_b\sim\sqrt{2b/\pi}$ has no bound, so at any fidelity and correlation below 1 some fan-in amplifies.",
        where=f"a consequence drawn from {PAPER}",
        by="popular",
        evidence="derived",
        right="True of one shared vote; for exchangeable beta-binomial votes of the same correlation the slope is "
        "bounded.",
        proof="With shared votes the other b - 1 votes are independent and average out; with beta-binomial votes the "
        "mean vote keeps a random part however many there are, so the slope of the majority tends to a constant.",
        gaps=_enough_agents_always_amplify,
    ),
    Erratum(
        key="trees_average_shared_errors_away",
        title="Trees average shared errors away, stars do not",
        said=r"With noiseless messages the variance of a tree falls like $\lambda^L$ to 0, that of a star stops at "
        r"$\rho\sigma^2$.",
        where=f"comparing the recursions for trees and stars of {PAPER}, continuous warm-up (as reported)",
        by="popular",
        evidence="second-hand",
        right="The tree recursion draws the shared part anew at every aggregator. If all leaves share it, the tree "
        "stops "
        r"at $\rho\sigma^2$ too.",
        proof=r"A balanced tree of plain averages is the average of its N leaves, whose variance is "
        r"$\sigma^2[\rho+(1-\rho)/N]\ge\rho\sigma^2$ whatever its shape.",
        gaps=_trees_average_shared_errors_away,
    ),
)
