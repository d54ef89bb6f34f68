"""Runs until an estimate is sure enough: exact error probabilities, endings, interrupts at every line.

False alarms: the errors of short runs are computed exactly, no draw is made. The simulated ones (6 checks) compare a
number of misses with the quantile that the stated error probability exceeds once in a million; seeds are fixed.
"""

import math
import sys
from functools import partial

import mpmath
import numpy as np
import pytest
from scipy import stats

from budgetsim.parameters import Organization
from budgetsim.simulate import count, plan_organization, sequential
from budgetsim.simulate.confidence_sequences import BoundedMean, Moments, Successes, UnboundedMean
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.sequential import SequentialEstimate, run_mean_until, run_until

HORIZON = 150
ONCE_IN_A_MILLION = 1e-6


def bernoulli_end(successes, trials, confidence):
    figures = Successes(confidence=confidence, successes=successes, trials=trials).figures()
    return figures.low, figures.high


def chance_of_a_miss(table, probability):
    """Probability that any of the intervals [trials][successes] misses, over all paths, by dynamic programming."""
    alive, missed = np.array([1.0]), 0.0
    for ends in table:
        alive = np.append(alive, 0.0) * (1 - probability) + np.insert(alive, 0, 0.0) * probability
        wrong = (ends[:, 0] > probability) | (ends[:, 1] < probability)
        missed += alive[wrong].sum()
        alive[wrong] = 0.0
    return missed


@pytest.fixture(scope="module", params=[0.95, 0.7])
def intervals(request):
    table = [
        np.array([bernoulli_end(s, trials, request.param) for s in range(trials + 1)])
        for trials in range(1, HORIZON + 1)
    ]
    return request.param, table


@pytest.mark.parametrize("probability", [0.5, 0.3, 0.9, 0.05, 0.999, 0.0, 1.0])
def test_successes_ever_miss_at_most_as_often_as_stated(intervals, probability):
    """Exact, over all 2**150 paths."""
    confidence, table = intervals
    missed = chance_of_a_miss(table, probability)
    assert missed <= 1 - confidence
    # Ville's inequality is nearly sharp for ever, and not vacuous within 150 trials.
    assert missed >= (0.02 * (1 - confidence) if 0.0 < probability < 1.0 else 0.0)


def test_looking_again_and_again_spoils_usual_intervals():
    """The same computation refutes intervals that hold at one number of trials only."""
    table = [
        np.array([((e := Estimate.from_count(s, n)).value - 1.96 * e.standard_error, e.value + 1.96 * e.standard_error)
                  for s in range(n + 1)])
        for n in range(1, HORIZON + 1)
    ]  # fmt: skip
    assert chance_of_a_miss(table, 0.5) > 0.15


@pytest.mark.parametrize(
    ("successes", "failures"),
    [
        (1, 0),
        (1, 1),
        (3, 7),
        (1, 10**9),
        (0, 5),
        (0, 10**9),
        (5 * 10**8, 5 * 10**8),
        (10**9 - 1, 1),
        (10**10, 3 * 10**10),
    ],
)
@pytest.mark.parametrize("confidence", [0.5, 0.95, 1 - 1e-9])
def test_ends_of_the_interval_with_50_digits(successes, failures, confidence):
    mpmath.mp.dps = 50
    half = mpmath.mpf(1) / 2

    def log_mixture(probability):
        log_beta = mpmath.loggamma(successes + half) + mpmath.loggamma(failures + half)
        log_beta -= mpmath.loggamma(successes + failures + 1) + mpmath.log(mpmath.pi)
        return log_beta - successes * mpmath.log(probability) - failures * mpmath.log(1 - probability)

    level = -mpmath.log(1 - mpmath.mpf(confidence))
    low, high = bernoulli_end(successes, successes + failures, confidence)
    share = mpmath.mpf(successes) / (successes + failures)
    for end, exact in ((low, successes > 0), (high, failures > 0)):
        if not exact:
            assert end == (0.0 if end == low else 1.0)
            continue
        # the exact root, found by bisection on its side of the share
        inside, outside = share, mpmath.mpf(0) if end == low else mpmath.mpf(1)
        for _ in range(200):
            middle = (inside + outside) / 2
            if log_mixture(middle) < level:
                inside = middle
            else:
                outside = middle
        # near 0 the relative error counts, near 1 the floating point grid does
        assert abs(end - inside) <= 1e-12 + 1e-5 * abs(inside - share)
        assert end != low or abs(end / inside - 1) < 1e-6 or successes > 1000


def test_no_success_is_no_certainty():
    figures = Successes(confidence=0.95).after((0, 1000)).figures()
    assert (figures.value, figures.low) == (0.0, 0.0)
    # closed form of the other end: betaln(1/2, 1000.5) - betaln(1/2, 1/2) - 1000 log(1 - p) = log 20
    expected = -math.expm1((math.lgamma(1000.5) + math.lgamma(0.5) - math.lgamma(1001) - math.log(20 * math.pi)) / 1000)
    assert figures.high == pytest.approx(expected, rel=1e-9)
    assert figures.standard_error > 0.0
    run = run_until(lambda start, stop: (0, stop - start), half_width=0.001, first=100)
    assert run.ended == "reached"
    assert 2000 < run.draws < 20_000


def bounded_miss(state, sizes, outcomes, mean):
    """Probability that any interval of the state and its successors misses the mean, by enumeration."""
    if not sizes:
        return 0.0
    missed = 0.0
    for chance, batch in outcomes[sizes[0]]:
        after = state.after(batch)
        figures = after.figures()
        wrong = not figures.low <= mean <= figures.high
        missed += chance * (1.0 if wrong else bounded_miss(after, sizes[1:], outcomes, mean))
    return missed


@pytest.mark.parametrize("probability", [0.5, 0.8, 0.1])
def test_bounded_means_ever_miss_at_most_as_often_as_stated(probability):
    """Exact over all paths of observations -1 and 3, in batches of one, two and five."""
    outcomes = {
        size: [
            (stats.binom.pmf(k, size, probability), Moments(size, 3.0 * k - (size - k), 9.0 * k + (size - k)))
            for k in range(size + 1)
        ]
        for size in (1, 2, 5)
    }
    state = BoundedMean(confidence=0.3, bounds=(-1.0, 3.0))
    missed = bounded_miss(state, (1, 1, 1, 2, 2, 5, 5, 5), outcomes, 4.0 * probability - 1.0)
    assert 0.0 < missed <= 0.7


def test_bounded_interval_observation_by_observation():
    """The published interval, summed over raw observations in 0 ... 1, with bets that stay the same within a batch."""
    generator = np.random.default_rng(4)
    state, past = BoundedMean(confidence=0.9, bounds=(2.0, 6.0)), []
    bets, gains, costs = [], [], []
    for size in (3, 50, 400):
        batch = generator.beta(2, 5, size)
        guess = (0.5 + sum(past)) / (len(past) + 1)
        variance = (0.25 + sum((x - guess) ** 2 for x in past)) / (len(past) + 1)
        count = len(past) + size
        bet = min(0.5, math.sqrt(2 * math.log(20) / (variance * count * math.log(1 + count))))
        bets += [bet] * size
        gains += [bet * x for x in batch]
        costs += [(x - guess) ** 2 * (-math.log(1 - bet) - bet) for x in batch]
        past += list(batch)
        raw = 2 + 4 * batch
        state = state.after(Moments(size, raw.sum(), (raw**2).sum()))
    half = (math.log(20) + sum(costs)) / sum(bets)
    figures = state.figures()
    assert figures.low == pytest.approx(2 + 4 * (sum(gains) / sum(bets) - half), abs=1e-12)
    assert figures.high == pytest.approx(2 + 4 * (sum(gains) / sum(bets) + half), abs=1e-12)
    assert figures.value == pytest.approx(2 + 4 * np.mean(past))
    assert figures.standard_error == pytest.approx(4 * np.std(past) / math.sqrt(len(past)), rel=0.1)


BATCHES = np.unique(np.geomspace(100, 20_000, 30).astype(int))
PATHS = 400

LAWS = {
    "rare": (lambda g, n: (g.random(n) < 0.01).astype(float), 0.01, (0.0, 1.0)),
    "uniform": (lambda g, n: g.random(n) * 4 - 1, 1.0, (-1.0, 3.0)),
    "two hills": (lambda g, n: g.beta(0.2, 0.6, n), 0.25, (0.0, 1.0)),
}


def misses(begin, law, mean, *, seed, usual=False):
    """Paths on which any interval misses the mean."""
    generator = np.random.default_rng(seed)
    wrong = 0
    for _ in range(PATHS):
        sums = law(generator, BATCHES[-1])
        totals, squares = np.cumsum(sums), np.cumsum(sums**2)
        state, before, missed = begin, Moments(), False
        for size in BATCHES:
            seen = Moments(int(size), float(totals[size - 1]), float(squares[size - 1]))
            batch = Moments(seen.count - before.count, seen.total - before.total, seen.squares - before.squares)
            state, before = state.after(batch), seen
            figures = state.figures()
            if usual:
                missed |= abs(figures.value - mean) > 1.96 * figures.standard_error
            else:
                missed |= not figures.low <= mean <= figures.high
        wrong += missed
    return wrong


@pytest.mark.parametrize("name", LAWS)
def test_bounded_means_over_long_runs(name):
    law, mean, bounds = LAWS[name]
    allowed = stats.binom.isf(ONCE_IN_A_MILLION, PATHS, 0.1)
    assert misses(BoundedMean(confidence=0.9, bounds=bounds), law, mean, seed=1) <= allowed


@pytest.mark.parametrize("law", ["exponential", "chisquare"])
def test_unbounded_means_over_long_runs(law):
    def draw(generator, size):
        return generator.exponential(2.0, size) if law == "exponential" else generator.normal(size=size) ** 2

    mean = 2.0 if law == "exponential" else 1.0
    state = UnboundedMean(confidence=0.9, tuned_for=2000)
    allowed = stats.binom.isf(ONCE_IN_A_MILLION, PATHS, 0.1)
    assert misses(state, draw, mean, seed=2) <= allowed
    # the usual interval of the same confidence and more misses far more often
    assert misses(state, draw, mean, seed=2, usual=True) > allowed


def test_successes_over_long_runs():
    """Two thousand runs of up to a million trials that stop as soon as they miss."""
    generator = np.random.default_rng(3)
    looks = np.unique(np.geomspace(10, 1_000_000, 60).astype(int))
    wrong = 0
    for _ in range(500):
        counts = np.cumsum(generator.binomial(np.diff(looks, prepend=0), 0.2))
        ends = [bernoulli_end(int(s), int(n), 0.9) for s, n in zip(counts, looks, strict=True)]
        wrong += any(not low <= 0.2 <= high for low, high in ends)
    assert wrong <= stats.binom.isf(ONCE_IN_A_MILLION, 500, 0.1)


class Coin:
    """A counter whose answers depend on the replica alone, and which writes down what it was asked."""

    def __init__(self, probability=0.3, size=100_000, seed=1):
        self.wins = np.random.default_rng(seed).random(size) < probability
        self.asked = []

    def count(self, start, stop):
        self.asked.append((start, stop))
        return int(self.wins[start:stop].sum()), stop - start

    def observe(self, start, stop):
        wins, trials = self.count(start, stop)
        return Moments(trials, float(wins), float(wins))


def as_plain(run):
    return {name: getattr(run, name) for name in ("value", "standard_error", "draws", "low", "high", "ended")}


@pytest.mark.parametrize("wish", [{"standard_error": 0.004}, {"half_width": 0.02}], ids=str)
def test_ends_when_reached_and_not_much_later(wish):
    coin = Coin()
    run = run_until(coin.count, **wish, first=64)
    assert run.ended == "reached"
    assert run.value == coin.wins[: run.draws].mean()
    reached = run.standard_error if "standard_error" in wish else (run.high - run.low) / 2
    assert 0.97 * next(iter(wish.values())) < reached <= next(iter(wish.values()))
    assert run.low < 0.3 < run.high


def test_both_wishes_must_be_met():
    width = run_until(Coin().count, half_width=0.02, first=64)
    both = run_until(Coin().count, half_width=0.02, standard_error=0.002, first=64)
    assert both.draws > width.draws
    assert both.standard_error <= 0.002
    assert (both.high - both.low) / 2 <= 0.02


def test_chunks_join_without_gap_and_are_multiples_of_the_first():
    coin = Coin()
    run_until(coin.count, standard_error=0.002, first=128, growth=1.5, most=90_001)
    starts, stops = zip(*coin.asked, strict=True)
    assert starts == (0, *stops[:-1])
    assert all(stop % 128 == 0 for stop in stops)
    assert all(stop <= max(start * 1.5 + 128, 128) for start, stop in coin.asked)


def test_limit():
    coin = Coin()
    run = run_until(coin.count, standard_error=1e-6, first=1000, most=5001)
    assert (run.ended, run.draws, coin.asked[-1][1]) == ("limit", 5001, 5001)
    assert sequential.ENDINGS[run.ended].startswith("the most replicas")
    assert run_until(Coin().count, standard_error=1e-6, most=7).draws == 7


@pytest.mark.parametrize("bounds", [None, (0.0, 1.0)])
def test_means_of_zeros_and_ones_meet_counts(bounds):
    mean = run_mean_until(Coin().observe, bounds=bounds, standard_error=0.004, first=64)
    share = run_until(Coin().count, standard_error=0.004, first=64)
    assert mean.ended == "reached"
    assert mean.draws == pytest.approx(share.draws, rel=0.05)
    assert mean.low < 0.3 < mean.high
    narrow = run_mean_until(Coin().observe, bounds=bounds, half_width=0.02, first=64)
    assert narrow.ended == "reached"
    assert narrow.high - narrow.low <= 0.04


def test_unbounded_interval_is_tight_where_the_run_ends():
    """Within 5% of the narrowest possible normal mixture, 3.04 standard errors."""
    run = run_mean_until(Coin().observe, half_width=0.01, first=1024)
    assert (run.high - run.low) / 2 / run.standard_error < 1.05 * 3.04


def test_alike_observations_without_bounds_prove_nothing():
    run = run_mean_until(lambda start, stop: Moments(stop - start, 0.0, 0.0), standard_error=0.1, most=10**6)
    assert (run.ended, run.low, run.high) == ("limit", -math.inf, math.inf)
    bounded = run_mean_until(
        lambda start, stop: Moments(stop - start, 0.0, 0.0), bounds=(0.0, 1.0), standard_error=0.001, first=10
    )
    assert bounded.ended == "reached"
    assert 0.0 == bounded.low < bounded.high < 0.1


def test_replicas_may_hold_many_trials():
    run = run_until(lambda start, stop: (32 * (stop - start) // 4, 32 * (stop - start)), standard_error=0.001, first=10)
    assert run.value == 0.25
    assert run.draws == 32 * run.provenance["replicas"]


def test_the_engine_is_a_counter():
    """A perfect star of three is right with 0.8**3 + 3 * 0.8**2 * 0.2 = 0.896; ranges are given in words of 32."""
    plan = plan_organization(Organization.star(3), 0.8, seed=1)
    run = run_until(partial(count, plan), half_width=0.003, first=2**10)
    assert run.ended == "reached"
    assert run.low < 0.896 < run.high
    assert run.draws == 32 * run.provenance["replicas"]
    assert run.value * run.draws == pytest.approx(count(plan, 0, run.provenance["replicas"])[0])


def test_progress_and_provenance():
    seen = []
    run = run_until(
        Coin().count, standard_error=0.004, first=512, progress=lambda *a: seen.append(a), provenance={"seed": 1}
    )
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert all(done <= expected for done, expected in seen)
    assert seen[-1] == (run.draws, run.draws)
    assert seen[-2][1] == pytest.approx(run.draws, rel=0.2)
    assert run.provenance["seed"] == 1
    assert run.provenance["sequential"]["standard_error"] == 0.004


@pytest.mark.parametrize("at", [2, 5])
def test_interrupt_in_a_chunk_reports_the_chunks_before(at):
    coin = Coin()

    def count(start, stop):
        if len(coin.asked) == at:
            raise KeyboardInterrupt
        return coin.count(start, stop)

    run = run_until(count, standard_error=0.001, first=64)
    assert (run.ended, run.draws) == ("interrupted", coin.asked[-1][1])
    assert run.value == coin.wins[: run.draws].mean()
    # exactly what a run with that limit says
    limited = run_until(Coin().count, standard_error=0.001, first=64, most=run.draws)
    assert {**as_plain(limited), "ended": "interrupted"} == as_plain(run)


def test_interrupt_before_anything_is_known():
    def count(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_until(count, standard_error=0.1)


def test_interrupt_after_it_was_reached_is_reached():
    def progress(done, expected):
        if done == expected:
            raise KeyboardInterrupt

    assert run_until(Coin().count, standard_error=0.01, first=64, progress=progress).ended == "reached"


def interrupted_at(line, play):
    """Play with an interrupt in place of the ``line``-th line that the module runs; None if it runs fewer."""
    left = line

    def trace(frame, event, _):
        nonlocal left
        if frame.f_code.co_filename != sequential.__file__:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return play(), left > 0
    except KeyboardInterrupt:
        return None, False
    finally:
        sys.settrace(before)


def test_interrupt_at_every_line_loses_nothing_that_was_complete():
    play = {
        most: as_plain(run_until(Coin().count, standard_error=1e-9, first=64, most=most))
        for most in {stop for _, stop in chunks_of(700)}
    }
    endings, line = [], 0
    while True:
        line += 1
        coin = Coin()
        run, finished = interrupted_at(
            line, lambda coin=coin: run_until(coin.count, standard_error=1e-9, first=64, growth=2, most=700)
        )
        if finished:
            assert run.ended == "limit"
            break
        endings.append(run)
        if run is not None:
            assert {**play[run.draws], "ended": run.ended} == as_plain(run)
            assert run.ended == ("limit" if run.draws == 700 else "interrupted")
            # at most the chunk that was being drawn or counted is missing
            assert run.draws in [stop for _, stop in coin.asked[-2:]]
    stopped = [run for run in endings if run is not None]
    assert len(stopped) > 20
    assert len({run.draws for run in stopped}) >= 4


def chunks_of(most):
    coin = Coin()
    run_until(coin.count, standard_error=1e-9, first=64, growth=2, most=most)
    return coin.asked


@pytest.mark.parametrize("wish", [0.0, -0.1, math.nan, math.inf])
@pytest.mark.parametrize("name", ["standard_error", "half_width"])
@pytest.mark.parametrize("run", [run_until, run_mean_until])
def test_impossible_wishes(run, name, wish):
    with pytest.raises(ValueError, match=f"{name} must be above 0 and finite, got {wish}"):
        run(Coin().count, **{name: wish})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"standard_error": None}, "standard_error or half_width must be given"),
        ({"confidence": 1.0}, r"confidence must lie in \(0, 1\), got 1.0"),
        ({"growth": 1.0}, "growth must be above 1 and finite, got 1.0"),
        ({"first": 0}, "first must be an integer of 1 or more, got 0"),
        ({"most": 0.5}, "most must be an integer of 1 or more, got 0.5"),
    ],
)
def test_arguments_outside_their_domain(changed, message):
    with pytest.raises(ValueError, match=message):
        run_until(Coin().count, **{"standard_error": 0.1, **changed})


@pytest.mark.parametrize("bounds", [(1.0, 0.0), (0.0, math.inf), (math.nan, 1.0)])
def test_bounds_outside_their_domain(bounds):
    with pytest.raises(ValueError, match="bounds must be two finite numbers"):
        run_mean_until(Coin().observe, bounds=bounds, standard_error=0.1)


@pytest.mark.parametrize("batch", [(0, 0), (3, 2), (-1, 2)])
def test_impossible_counts(batch):
    with pytest.raises(ValueError, match="a batch must hold 1 or more trials"):
        run_until(lambda *_: batch, standard_error=0.1)


def test_impossible_moments():
    with pytest.raises(ValueError, match="a batch must hold 1 or more observations within"):
        run_mean_until(lambda *_: Moments(10, 11.0, 20.0), bounds=(0.0, 1.0), standard_error=0.1)
    with pytest.raises(ValueError, match="a batch must hold 1 or more finite observations"):
        run_mean_until(lambda *_: Moments(10, math.nan, 20.0), standard_error=0.1)


def test_rejects_what_is_no_result():
    fields = {"value": 0.5, "standard_error": 0.1, "draws": 10, "low": 0.3, "high": 0.7, "confidence": 0.95}
    assert str(SequentialEstimate(**fields, ended="reached")) == "0.5 +- 0.1 (95% within 0.3 ... 0.7; reached)"
    with pytest.raises(ValueError, match="value must lie within low and high"):
        SequentialEstimate(**{**fields, "low": 0.6}, ended="reached")
    with pytest.raises(ValueError, match="ended must be one of"):
        SequentialEstimate(**fields, ended="tired")
