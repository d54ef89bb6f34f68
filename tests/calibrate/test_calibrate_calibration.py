"""Calibrations: what they say of populations that are known, and their way through a file."""

import json

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from budgetsim.calibrate import Calibration, Interval, calibrate, with_tokens
from budgetsim.calibrate import calibration as module
from budgetsim.calibrate.calibration import HEAD, summarize
from budgetsim.calibrate.exchange import ALARM
from budgetsim.calibrate.fit import fit_counts
from budgetsim.calibrate.grid import PROBABILITY
from budgetsim.errors import InputError
from budgetsim.planning import plan


def shared_difficulty(generator, groups=3, problems=60, samples=6, shared=0.9, shape=(1.5, 1.0)):
    """Right or wrong, shape (groups, problems, samples), with correlated places in the order of difficulty."""
    common = generator.normal(size=problems)
    place = np.sqrt(shared) * common + np.sqrt(1 - shared) * generator.normal(size=(groups, problems))
    return generator.random((groups, problems, samples)) < stats.beta.ppf(ndtr(place), *shape)[..., None]


def rows_of(right, generator, answers=4):
    return [
        {
            "problem_id": f"p{p:03}",
            "sample_index": k,
            "correct": bool(value),
            "answer": "right" if value else f"wrong{generator.integers(answers)}",
            "model": f"m{g}",
            "prompt_tokens": 20.0,
            "completion_tokens": 10.0 + 5.0 * g,
        }
        for g, group in enumerate(right)
        for p, problem in enumerate(group)
        for k, value in enumerate(problem)
    ]


@pytest.fixture(scope="module")
def calibration(runs):
    generator = np.random.default_rng(0)
    return calibrate(runs(rows_of(shared_difficulty(generator), generator)))


def damaged(calibration, change):
    data = json.loads(json.dumps(calibration.to_dict()))
    change(data)
    return data


def test_json_round_trip_is_identical(calibration):
    text = json.dumps(calibration.to_dict(), allow_nan=False)
    again = Calibration.from_dict(json.loads(text))
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    for one, other in zip(calibration.groups, again.groups, strict=True):
        assert one.group == other.group
        assert isinstance(other.accuracy, Interval)
        assert (one.answer_probabilities == other.answer_probabilities).all()
        assert (one.answer_copies == other.answer_copies).all()
    from_file, in_memory = plan(again, 300).to_dict(), plan(calibration, 300).to_dict()
    assert from_file == in_memory


def test_numbers_that_are_not_known_go_through_json(runs):
    rows = [{"problem_id": str(p), "sample_index": 0, "correct": p % 2 == 0} for p in range(12)]
    calibration = calibrate(runs(rows))
    (group,) = calibration.groups
    assert group.tokens is None
    assert group.correlation_within is None
    assert group.wrong_agreement is None
    again = Calibration.from_dict(json.loads(json.dumps(calibration.to_dict(), allow_nan=False)))
    assert json.dumps(again.to_dict()) == json.dumps(calibration.to_dict())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda data: data.pop("format"), "format"),
        (lambda data: data.update(format=99), "format"),
        (lambda data: data.pop("groups"), "groups"),
        (lambda data: data.pop("difficulty_shares"), "difficulty_shares"),
        (lambda data: data["groups"][0].pop("accuracy"), "groups[0].accuracy"),
        (lambda data: data["groups"][1].pop("task"), "groups[1].task"),
        (lambda data: data["groups"][0].pop("answer_probabilities"), "groups[0].answer_probabilities"),
        (lambda data: data["groups"][0]["accuracy"].pop("low"), "groups[0].low"),
        (lambda data: data["groups"][0].update(accuracy=0.5), "groups[0]"),
        (lambda data: data["groups"][0].update(answer_probabilities="all"), "groups[0]"),
        (lambda data: data["groups"][0].update(answer_copies=[[1]]), "groups[0]"),
        (lambda data: data["groups"][0]["problem_ids"].pop(), "groups[0]"),
        (lambda data: data["groups"][0]["answer_probabilities"][0][0].__setitem__(0, 1.7), "groups[0]"),
        (lambda data: data["groups"][0]["answer_probabilities"][0][0].__setitem__(0, float("nan")), "groups[0]"),
        (lambda data: data["groups"][0]["accuracy"].update(value="much"), "groups[0]"),
        (lambda data: data.update(groups=[]), "groups"),
        (lambda data: data["groups"][0].update(answer_probabilities=[[[0.5], [0.2, 0.3]]]), "groups[0]"),
        (lambda data: data.update(groups=3), "groups"),
        (lambda data: data.update(groups=[3]), "groups[0]"),
    ],
)
def test_damaged_files_are_refused_with_the_field(calibration, change, field):
    with pytest.raises(InputError) as raised:
        Calibration.from_dict(damaged(calibration, change), file="some.json")
    assert raised.value.field == field
    assert raised.value.file == "some.json"


@pytest.mark.parametrize("data", [[], "text", None, 3, {}])
def test_other_json_is_no_calibration(data):
    with pytest.raises(InputError, match="expected a calibration of format"):
        Calibration.from_dict(data)


def test_seeds(runs):
    generator = np.random.default_rng(1)
    table = runs(rows_of(shared_difficulty(generator, 2, 15, 4), generator))
    one, again, other = (json.dumps(calibrate(table, seed=seed).to_dict()["groups"]) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_what_is_counted(calibration):
    for number, group in enumerate(calibration.groups):
        assert group.group.model == f"m{number}"
        assert (group.problems, group.samples, group.repeated) == (60, 360, 60)
        assert group.problem_ids == [f"p{p:03}" for p in range(60)]
        assert group.tokens.value == pytest.approx(30.0 + 5.0 * number)
        assert group.abstained == 0.0
        assert group.answers_known


def test_parameters_are_those_of_the_population(calibration):
    # Beta(1.5, 1): accuracy 0.6, correlation 1 / 3.5; nine in ten intervals hold them, and here are six.
    for group in calibration.groups:
        spread = (group.accuracy.high - group.accuracy.low) / 3.29
        assert abs(group.accuracy.value - 0.6) < 4.3 * spread
        assert spread < 0.06
        assert group.accuracy.low <= group.accuracy.value <= group.accuracy.high
        spread = (group.correlation_total.high - group.correlation_total.low) / 3.29
        assert abs(group.correlation_total.value - 1 / 3.5) < 4.3 * spread
        assert group.correlation_total.value == pytest.approx(1 / (1 + group.alpha + group.beta))
        assert group.own_alpha / (group.own_alpha + group.own_beta) == pytest.approx(group.accuracy.value, abs=0.05)


def test_others_explain_most_of_the_correlation(calibration, runs):
    for group in calibration.groups:
        assert group.correlation_within.value < 0.6 * group.correlation_total.value
        assert group.correlation_within.low <= group.correlation_within.value <= group.correlation_within.high
    # Groups that share nothing explain nothing, and a group alone is told so.
    generator = np.random.default_rng(2)
    apart = calibrate(runs(rows_of(shared_difficulty(generator, shared=0.0), generator)))
    for group in apart.groups:
        assert group.correlation_within.value == pytest.approx(group.correlation_total.value, abs=0.06)
    alone = calibrate(runs(rows_of(shared_difficulty(generator, groups=1), generator)))
    assert alone.groups[0].correlation_within is None
    assert alone.difficulty_shares == {}


def test_wrong_agreement_is_the_share_of_agreeing_pairs(runs):
    # Pairs of wrong samples: aab has 1 of 3, cc has 1 of 1, the third problem one wrong sample.
    wrongs = [["a", "a", "b"], ["c", "c"], ["d"]] + [[]] * 8
    rows = [
        {
            "problem_id": f"p{p:02}",
            "sample_index": k,
            "correct": k >= len(wrong),
            "answer": wrong[k] if k < len(wrong) else "right",
        }
        for p, wrong in enumerate(wrongs)
        for k in range(4)
    ]
    (group,) = calibrate(runs(rows)).groups
    assert group.wrong_agreement.value == pytest.approx(2 / 4)
    assert group.wrong_agreement.low < 0.5 < group.wrong_agreement.high


def test_order_effects_are_flagged(runs):
    generator = np.random.default_rng(3)
    learning = generator.random((1, 60, 6)) < np.linspace(0.1, 0.9, 6)
    plain = shared_difficulty(generator, groups=1)
    groups = calibrate(runs(rows_of(np.concatenate([learning, plain]), generator))).groups
    assert groups[0].order_effect > ALARM
    assert abs(groups[1].order_effect) < ALARM


def test_answer_distributions_hold_the_posterior_and_its_answers(counts):
    # Twelve wrong answers, six of them kept one by one.
    generator = np.random.default_rng(4)
    problems, answers, samples = 40, 12, 10
    cells = np.concatenate([np.full((problems, 1), 0.4), 0.5 * generator.dirichlet(np.ones(answers), problems)], axis=1)
    cells = np.concatenate([cells, np.full((problems, 1), 0.1)], axis=1)
    drawn = generator.multinomial(samples, cells)[None].astype(float)
    tally = counts(drawn[..., 0], samples, drawn[..., 1:-1], drawn[..., -1])
    fit = fit_counts(tally)
    (group,) = summarize(fit, {}).groups
    table, copies = group.answer_probabilities, group.answer_copies
    assert table.shape[0] == problems
    assert table.shape[-1] == HEAD + 2
    assert copies.shape == table.shape
    assert (copies[..., :-1] == 1).all()
    assert copies[..., -1].max() <= answers - HEAD
    total = (table * copies).sum(axis=-1)
    assert (total <= 1.0).all()
    assert table[..., 0].mean() == pytest.approx(0.4, abs=0.06)
    assert 1 - total.mean() == pytest.approx(0.1, abs=0.04)
    assert (np.diff(table[..., 1 : HEAD + 1], axis=-1) <= 0).all()
    assert (table[..., -1] <= table[..., HEAD] + 1e-6).all()
    assert (np.diff(table[..., 0], axis=1) >= 0).all()  # rising success over the atoms
    mean = fit.posterior() @ PROBABILITY
    assert table[..., 0].mean(axis=1) == pytest.approx(mean, rel=1e-12)


def test_agreement_of_rare_answers_is_kept(monkeypatch, counts):
    # With known shares: the chance that two votes for answers beyond the first HEAD agree survives the lumping.
    shares = np.array([0.3, 0.2, 0.1, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.02])
    monkeypatch.setattr(
        module, "dirichlet", lambda parameters, _: np.broadcast_to(np.r_[shares, 0.0], parameters.shape)
    )
    fit = fit_counts(counts(np.full((1, 3), 5.0), 10, np.ones((1, 3, 1)) * 5.0))
    table, copies = module._answer_probabilities(fit.posterior(), np.ones((3, 12)), 4, np.random.default_rng(0))
    wrong = 1 - table[..., 0]
    assert table[..., 1:-1] == pytest.approx(wrong[..., None] * shares[:HEAD], abs=2e-6)
    tail = shares[HEAD:]
    assert (table * copies)[..., -1] == pytest.approx(wrong * tail.sum(), abs=1e-5)
    kept = (table**2 * copies)[..., -1] / (table * copies)[..., -1] ** 2
    assert 1 / kept == pytest.approx(np.full(wrong.shape, tail.sum() ** 2 / (tail**2).sum()), abs=0.51)


def test_tokens_that_rows_do_not_say(runs):
    table = runs(
        [
            {"problem_id": "p", "sample_index": 0, "correct": True, "prompt_tokens": 9.0},
            {"problem_id": "p", "sample_index": 1, "correct": True, "prompt_tokens": 9.0, "completion_tokens": 2.0},
        ]
    )
    filled = with_tokens(table, 50.0)
    assert (filled["prompt_tokens"] + filled["completion_tokens"]).to_list() == [50.0, 11.0]
    assert with_tokens(table, None).equals(table)
    for bad in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError) as raised:
            with_tokens(table, bad)
        assert raised.value.field == "tokens_per_sample"


def test_interval_prints_as_a_number_with_its_range():
    assert str(Interval(0.5, 0.25, 0.75)) == "0.500 [0.250, 0.750]"
    assert Interval.of(2.0, np.arange(101.0)) == Interval(2.0, 5.0, 95.0)
