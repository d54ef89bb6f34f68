"""What holds of every strategy in every world it is made for: budgets, odd critics, worlds without answers, seeds.

A policy is played with one compiled run on hundreds of worlds, budgets, prices and critics at once: all are numbers.
The strategies and their worlds stand in `conftest.py`: `case` is each of them, in each of its worlds.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.simulate import reasoning
from budgetsim.simulate.reasoning import (
    Budget,
    FixedStop,
    OracleStop,
    Prices,
    SearchWorld,
    engine,
    many_worlds,
    simulate_strategy,
    simulate_worlds,
)
from budgetsim.simulate.reasoning.engine import Played
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, costs

NODES = 12
DRAWN = 256  # worlds, policies, budgets and prices of one run

LOST = ((math.nan, math.nan), (0.0, 0.1))  # no number; no gain and the lowest score
HONEST, NO_NUMBER, LOWEST, CONSTANT, INVERTED, ENDLESS, BOTTOMLESS = range(7)
"""What a critic says: what the world's says; the same or, every other time, one of LOST; always the same; the contrary;
infinite numbers."""


@partial(jax.tree_util.register_dataclass, data_fields=("world", "critic_says", "silent", "priced"), meta_fields=())
@dataclass(frozen=True, kw_only=True)
class Disturbed:
    """A world whose critic takes a browse call and may be odd; answers may be missing, free, or a token dearer."""

    world: Any
    critic_says: int = HONEST
    silent: int = 0
    priced: int = 1

    @property
    def answers(self) -> int:
        return int(self.world.answers)

    def problems(self, seed: int, block: int, count: int) -> Any:
        return self.world.problems(seed, block, count)

    def memory(self, problem: Any) -> Any:
        return self.world.memory(problem)

    def root(self, problem: Any) -> Any:
        return self.world.root(problem)

    def step(self, *given: Any) -> Step:
        return self.world.step(*given)

    def critic(self, *given: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        delta, score, paid = self.world.critic(*given)
        listens = given[0][0] < 0.5  # the first uniform number
        said = [(jnp.where(listens, delta, points), jnp.where(listens, score, level)) for points, level in LOST]
        said += [(1.0, 0.5), (-delta, 1.1 - score), (math.inf, math.inf), (-math.inf, -math.inf)]
        for number, (points, level) in enumerate(said, start=NO_NUMBER):
            delta = jnp.where(self.critic_says == number, points, delta)
            score = jnp.where(self.critic_says == number, level, score)
        return delta, score, paid + costs(browses=jnp.ones(delta.shape, jnp.int32))

    def answer(self, *given: Any) -> tuple[jax.Array, jax.Array]:
        answer, paid = self.world.answer(*given)
        paid = self.priced * (paid + costs(output_tokens=jnp.ones(answer.shape, jnp.int32)))
        return jnp.where(self.silent, NO_ANSWER, answer), paid


def test_no_policy_and_no_world_is_forgotten(all_cases, all_worlds) -> None:
    def kinds(*parts: str) -> set[type]:
        things = [getattr(reasoning, name) for name in reasoning.__all__ if name not in ("Policy", "World")]
        return {thing for thing in things if inspect.isclass(thing) and all(hasattr(thing, part) for part in parts)}

    assert kinds("uses_critic", "init", "choose", "update", "answer") == {type(case.policy) for case in all_cases}
    assert (
        kinds("answers", "problems", "root", "step", "critic", "answer")
        == {type(world) for world in all_worlds}
        == {type(case.world) for case in all_cases}
    )


def drawn(thing: Any, numbers: dict[str, Any], draw: random.Random) -> Any:
    """The thing with other numbers, some of them the old ones."""
    return replace(thing, **{name: one(draw) for name, one in numbers.items() if draw.random() < 0.8})


def drawn_budget(draw: random.Random) -> Budget:
    prices = [draw.choice([0.0, 10 ** draw.uniform(-7, 2)]) for _ in range(4)]
    bill = sum(price * draw.randint(0, most) for price, most in zip(prices, (2000, 2000, 9, 9), strict=True))
    return Budget(
        tokens=draw.choice([None, math.inf, 0, 1, *(int(10 ** draw.uniform(0, 4)) for _ in range(6))]),
        calls=draw.choice([None, None, None, math.inf, 0, 1, draw.randint(2, 9)]),
        browses=draw.choice([None, None, None, math.inf, 0, 1, draw.randint(2, 9)]),
        money=draw.choice([None, math.inf, 0.0, bill, bill, bill]) if any(prices) else None,
        prices=Prices(input_token=prices[0], output_token=prices[1], call=prices[2], browse=prices[3]),
    )


def exceeded(budget: Budget, spent: list[int]) -> set[str]:
    """What was spent too much of, in exact numbers."""
    prices = (budget.prices.input_token, budget.prices.output_token, budget.prices.call, budget.prices.browse)
    paid = sum(Fraction(price) * part for price, part in zip(prices, spent, strict=True))
    used = {"tokens": spent[0] + spent[1], "calls": spent[2], "browses": spent[3], "money": paid}
    limits = {name: getattr(budget, name) for name in used}
    return {name for name, limit in limits.items() if limit not in (None, math.inf) and used[name] > Fraction(limit)}


def all_of(played: Played) -> list[Any]:
    return [np.asarray(part).tolist() for part in played]


class Game:
    """Hundreds of worlds, policies and budgets, played together."""

    def __init__(self, case: Any) -> None:
        draw = random.Random(f"{case.policy} {case.world}")
        self.worlds = [
            Disturbed(
                world=drawn(case.world, case.ranges, draw),
                critic_says=draw.choice([HONEST, draw.randrange(7)]),
                priced=place % 2,
            )
            for place in range(DRAWN)
        ]
        self.policies = [drawn(case.policy, case.numbers, draw) for _ in range(DRAWN)]
        self.budgets = [drawn_budget(draw) for _ in range(DRAWN)]

    def play(self, budgets: list[Budget] | None = None, **changes: Any) -> Played:
        """How every problem ended, one a world, with all worlds changed."""
        ended: list[Played] = []

        def watched(*given: Any, **options: Any) -> Played:
            ended.append(engine.play(*given, **options))
            return ended[-1]

        worlds = [replace(world, **changes) for world in self.worlds]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(many_worlds, "play", watched)
            result = simulate_worlds(
                worlds, self.policies, budgets or self.budgets, problems_per_world=1, seed=2**40 + 1, nodes=NODES
            )
        (played,) = ended
        means = (result.input_tokens, result.output_tokens, result.calls, result.browses, result.answered)
        np.testing.assert_array_equal(np.stack(means), [*played.spent, np.asarray(played.answer) != NO_ANSWER])
        return played


def test_no_budget_is_exceeded(case) -> None:
    game = Game(case)
    played, free = game.play(), game.play([Budget()] * DRAWN)
    over = [exceeded(*both) for both in zip(game.budgets, np.asarray(played.spent).T.tolist(), strict=True)]
    assert over == [set()] * DRAWN
    would = [exceeded(*both) for both in zip(game.budgets, np.asarray(free.spent).T.tolist(), strict=True)]
    for place, limit in (((0, 1), "tokens"), (2, "calls"), (3, "browses"), (..., "money")):
        # each limit is the one that ends many of these runs, if anything is spent of it
        assert sum(limit in one for one in would) > 9 or not np.any(free.spent[place, :])
    for run in (played, free):
        assert set(np.unique(run.answer)) | set(np.unique(run.curve)) <= set(range(NO_ANSWER, case.world.answers))
        assert np.max(run.nodes) <= NODES
        if not isinstance(case.world, SearchWorld):
            assert run.spent[3].tolist() == (case.policy.uses_critic * (np.asarray(run.nodes) - 1)).tolist()


def test_a_critic_that_gives_no_number_sees_no_gain_and_the_lowest_score(judged_case) -> None:
    game = Game(judged_case)
    budgets = [*game.budgets[::2], *[Budget()] * (DRAWN // 2)]
    nan, lowest, honest = (all_of(game.play(budgets, critic_says=says)) for says in (NO_NUMBER, LOWEST, HONEST))
    assert nan == lowest
    assert (nan == honest) == isinstance(judged_case.policy, FixedStop | OracleStop)  # which never listen


def test_where_nobody_answers_there_is_no_answer(case) -> None:
    game = Game(case)
    played = game.play(silent=1)
    assert np.all(np.asarray(played.answer) == NO_ANSWER)
    assert np.all(np.asarray(played.curve) == NO_ANSWER)
    spent = np.asarray(played.spent).T.tolist()
    assert [exceeded(*both) for both in zip(game.budgets, spent, strict=True)] == [set()] * DRAWN


def test_budgets_of_nothing_one_token_and_everything(case) -> None:
    game = Game(case._replace(numbers={}, ranges={}))
    dear = Prices(input_token=1.0, output_token=1.0, call=1.0, browse=1.0)
    nothing = [Budget(tokens=0), Budget(tokens=1), Budget(money=0.0, prices=dear), Budget(money=1.0, prices=dear)]
    no_calls = Budget(calls=0, browses=0)
    played = game.play([*nothing, *[no_calls] * 4] * (DRAWN // 8), priced=1)
    poor = np.arange(DRAWN) % 8 < 4
    assert not np.any(np.asarray(played.spent)[:, poor])
    assert np.all(np.asarray(played.answer)[poor] == NO_ANSWER)
    assert not np.any(played.spent[2:])
    everything = Budget(tokens=math.inf, calls=math.inf, browses=math.inf, money=math.inf, prices=dear)
    free, also_free = game.play([Budget()] * DRAWN), game.play([everything] * DRAWN)
    assert all_of(free) == all_of(also_free)
    assert np.all(np.asarray(free.answer) >= 0)
    assert np.all(np.asarray(free.left) == 1.0)


@pytest.fixture
def repeated(monkeypatch) -> Callable[..., dict[str, Any]]:
    """All that a strategy came to in one world, on so many processors."""

    def play(
        case: Any, *, processors: int = 1, problems: int = 1500, chunk: int = 1, seed: int = 2**33 + 5, **odd: int
    ):
        monkeypatch.setattr(engine, "PROCESSORS", processors)
        budget, world = Budget(tokens=5000, calls=8, browses=10), Disturbed(world=case.world, **odd)
        result = simulate_strategy(world, case.policy, budget, problems=problems, seed=seed, nodes=NODES, chunk=chunk)
        found = {field.name: getattr(result, field.name) for field in fields(result)}
        return {**found, "answers": result.answers.tolist()}

    return play


def test_same_seed_same_result_whatever_the_chunk_and_the_processors(case_to_repeat, repeated) -> None:
    play = partial(repeated, case_to_repeat)
    whole = play(chunk=2)
    assert play(chunk=1) == whole
    assert play(chunk=1, processors=3) == whole
    assert play(problems=700)["answers"] == whole["answers"][:700]
    assert play(seed=5)["answers"] != whole["answers"]


def test_a_whole_run_without_an_answer(case_to_repeat, repeated) -> None:
    for priced in (0, 1):
        found = repeated(case_to_repeat, silent=1, priced=priced)
        assert set(found["answers"]) == {NO_ANSWER}
        assert found["answered"].value == 0.0
        assert found["input_tokens"].value + found["output_tokens"].value <= 5000
