"""Claims about imperfect verifiers, for the page on repeated sampling (arXiv 2411.17501, arXiv 2502.00271)."""

from __future__ import annotations

from collections.abc import Iterator

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import numbers, statement
from budgetsim.theory.verifiers import (
    best_of_n_accuracy,
    best_resample_cap,
    resample_until_accept,
    resample_utility,
    search_vs_sampling_crossing,
)

_SETTINGS = ((0.3, 1.0, 0.1), (0.05, 1.0, 0.1), (0.3, 0.9, 0.02))
_CANDIDATES = (1, 2, 4, 8, 16, 64, 256, 1024, 4096)
_EQUAL = (".300", ".409", ".519", ".618", ".700", ".816", ".884", ".924", ".949")
_WIDER = (".300", ".408", ".479", ".503", ".492", ".412", ".297", ".182", ".094")
_POPULATION = (0.4, 1.2, 0.05)  # Beta shapes of the success probability, false positives


def verifier_claims() -> Iterator[Claim]:
    """Every exact claim about verifiers."""
    yield from _resampling()
    yield from _utility()
    yield from _best_of_n()
    yield from _search()


def _resampling() -> Iterator[Claim]:
    found = [resample_until_accept(*setting, 8) for setting in _SETTINGS]
    where = "success, true and false positives .3, 1, .1; .05, 1, .1; .3, .9, .02"
    yield numbers(
        "accuracy of resampling until accepted, at most 8 times",
        where,
        theirs=(".7907", ".2464", ".8850"),
        ours=[float(part.accuracy) for part in found],
        evidence="derived",
    )
    yield numbers(
        "its ceiling over any number of samples",
        where,
        theirs=(".8108", ".3448", ".9507"),
        ours=[float(part.ceiling) for part in found],
        evidence="derived",
    )
    yield statement(
        "false positives cap what resampling can reach",
        "success .05, a verifier that accepts every right and a tenth of the wrong answers; ceiling",
        theirs="< 1",
        ours=float(found[1].ceiling),
        holds=float(found[1].ceiling) < 1.0,
        evidence="sourced",
    )


def _utility() -> Iterator[Claim]:
    penalties = (0.0, 0.5, 1.0, 2.0, 4.0)
    caps = [best_resample_cap(penalty, *_POPULATION, 100) for penalty in penalties]
    where = (
        "problems Beta(.4, 1.2), false positives .05, caps up to 100; price of a wrong accepted answer 0, .5, 1, 2, 4"
    )
    yield numbers(
        "best largest number of samples",
        where,
        theirs=("100", "15", "7", "3", "1"),
        ours=[float(cap) for cap in caps],
        evidence="derived",
    )
    yield numbers(
        "utility there",
        where,
        theirs=(".6326", ".4717", ".3674", ".2371", ".1000"),
        ours=[
            float(resample_utility(cap, penalty, *_POPULATION)) for cap, penalty in zip(caps, penalties, strict=True)
        ],
        evidence="derived",
    )
    yield numbers(
        "utility at 100 samples",
        "the same problems; price 0, .5, 1, 2",
        theirs=(".6326", ".450", ".2662", "-.1003"),
        ours=[float(resample_utility(100, penalty, *_POPULATION)) for penalty in penalties[:4]],
        evidence="derived",
    )
    yield statement(
        "the best number of samples is often below 10",
        where,
        theirs="< 10",
        ours=", ".join(str(cap) for cap in caps),
        holds=all(cap < 10 for cap in caps),
        only_if=(
            "a wrong accepted answer costs as much as a right one earns, or more",
            all(cap < 10 for cap in caps[2:]),
        ),
        evidence="sourced",
    )


def _best_of_n() -> Iterator[Claim]:
    rows = {}
    for name, printed, spreads in (("as wide", _EQUAL, (1.0, 1.0)), ("wider (1.2 against .8)", _WIDER, (0.8, 1.2))):
        rows[name] = [float(best_of_n_accuracy(count, 0.3, 1.0, *spreads)) for count in _CANDIDATES]
        yield numbers(
            "accuracy of the best-scored of 1, 2, 4, 8, 16, 64, 256, 1024, 4096",
            f"success .3, right answers score 1 more on average, scores of wrong ones {name}",
            theirs=printed,
            ours=rows[name],
            evidence="derived",
        )
    equal, wider = rows.values()
    yield statement(
        "more candidates never hurt",
        "the same, wrong answers scored more widely; accuracy at 8 and at 4096",
        theirs="never",
        ours=f"{wider[3]:.3f} to {wider[-1]:.3f}",
        holds=wider == sorted(wider),
        only_if=("scores of wrong answers are no wider", equal == sorted(equal)),
        evidence="derived",
    )


def _search() -> Iterator[Claim]:
    found = [search_vs_sampling_crossing(*setting) for setting in ((0.02, 0.1, 0.15), (0.05, 0.3, 0.1))]
    where = "success .02 and .1 with search, 15 % of paths pruned for good; .05, .3, 10 %"
    yield numbers(
        "samples from which plain sampling beats guided search",
        where,
        theirs=("94", "45"),
        ours=[float(part.first) for part in found],
        evidence="derived",
    )
    yield numbers(
        "the same by its closed approximation",
        where,
        theirs=("93.9", "44.9"),
        ours=[float(part.asymptotic) for part in found],
        evidence="derived",
    )
    yield statement(
        "guided search wins with few samples and loses with many",
        f"{where}; samples at which it turns",
        theirs="it turns",
        ours=", ".join(str(part.first) for part in found),
        holds=all(float(part.first) > 1.0 for part in found),
        only_if=("the verifier prunes some right paths for good", all(float(part.first) > 1.0 for part in found)),
        evidence="sourced",
    )
