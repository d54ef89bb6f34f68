"""Parameters of `ArithmeticWorld` from logged Tree of Thoughts runs on the Game of 24.

``python -m budgetsim.simulate.reasoning.arithmetic_fit FOLDER OUT.json`` reads the two logs of a folder and writes a
few numbers. Every number is a ratio of sums, or a least-squares price, over puzzles; its standard error leaves out one
puzzle at a time, so nodes of one tree need not be independent.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEPTHS = 4  # three moves leave one number; the fourth step writes the expression
VOTE_VALUES = (0.0, 0.002, 0.003, 1.002, 2.001, 3.0, 22.0, 41.0, 60.0)
"""Values told apart: no vote, unreadable ones, then sums of three votes (sure 20, likely 1, impossible .001)."""

DEAD, SOUND, COUNTERFEIT = range(3)
"""Kinds of nodes: nothing leads to 24; something does; something seems to, but a step before was not allowed."""

Stats = dict[str, NDArray[np.float64]]
"""Sums of every puzzle, each [puzzles, ...]."""

SOURCE = (
    "GPT-4 (mid 2023), Tree of Thoughts on puzzles 900-999 of the Game of 24 (propose, value x3, keep 5): the logs "
    "published with *Tree of Thoughts: Deliberate Problem Solving with Large Language Models*, Shunyu Yao et al., "
    "arXiv 2305.10601, repository princeton-nlp/tree-of-thought-llm at commit "
    "ab400345c5ea39d28ea6d7d3be0e417b11113c87, MIT licence. Only the numbers below were taken from them."
)


def fit(folder: Path) -> dict[str, Any]:
    """Estimates with standard errors, as the JSON object that is stored.

    Parameters
    ----------
    folder
        Where ``game24_tree.jsonl.gz`` and ``game24_samples.jsonl.gz`` are.

    Raises
    ------
    OSError
        If a log cannot be read.
    """
    nodes = list(_rows(folder / "game24_tree.jsonl.gz"))
    samples = list(_rows(folder / "game24_samples.jsonl.gz"))
    stats = statistics(nodes, samples)
    puzzles = len(stats["proposals"])
    whole = estimates(stats)
    left_out = [
        estimates({name: np.delete(rows, out, axis=0) for name, rows in stats.items()}) for out in range(puzzles)
    ]
    errors = {
        name: np.sqrt((puzzles - 1) / puzzles * np.square(np.stack([part[name] for part in left_out]) - value).sum(0))
        for name, value in whole.items()
    }
    parameters = {
        name: {"value": _rounded(value), "standard_error": _rounded(errors[name])} for name, value in whole.items()
    }
    counts = stats["votes"].sum(0).astype(int).tolist()
    return {"source": SOURCE, "puzzles": puzzles, "parameters": parameters, "vote_counts": counts}


def estimates(stats: Stats) -> dict[str, NDArray[np.float64]]:
    """Every parameter from the sums of some puzzles."""
    total = {name: rows.sum(0) for name, rows in stats.items()}
    calls = np.stack([stats["proposals"], stats["votings"]], axis=1)
    prices = [np.linalg.lstsq(calls, stats[kind])[0] for kind in ("input_tokens", "output_tokens")]
    return {
        "branching": total["children"] / total["parents"],
        "found": total["found"] / total["sound_parents"],
        "more": np.divide(total["more"], total["places"], out=np.zeros(DEPTHS), where=total["places"] > 0),
        "counterfeit": total["counterfeit"] / np.maximum(total["not_sound"], 1.0),
        "valid": total["valid"] / total["children"][: DEPTHS - 1],
        "bought": total["bought"] / np.maximum(total["judged"], 1.0),
        "auc": np.array([area(*total["truths"][depth]) for depth in range(DEPTHS)]),
        "proposal_tokens": np.array([prices[0][0], prices[1][0]]),
        "vote_tokens": np.array([prices[0][1], prices[1][1]]),
        "answer_tokens": np.array([np.median(stats["answer_input"]), stats["answer_output"].mean()]),
        "straight": np.array(stats["straight"].mean()),
    }


def statistics(nodes: Iterable[dict[str, Any]], samples: Iterable[dict[str, Any]]) -> Stats:
    """Sums of every puzzle, in the order in which the puzzles were played: votes are remembered across puzzles."""
    trees: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for node in nodes:
        trees[node["problem_id"]].append(node)
    chains: dict[str, list[dict[str, Any]]] = defaultdict(list)
    spent = {}
    for sample in samples:
        if sample["strategy"] == "cot":
            chains[sample["problem_id"]].append(sample)
        elif sample["strategy"].startswith("tot"):
            spent[sample["problem_id"]] = sample
    seen: set[Any] = set()
    rows = []
    for puzzle in sorted(trees):
        row = _puzzle(puzzle, sorted(trees[puzzle], key=lambda node: node["node_id"]), seen)
        row["input_tokens"] = np.array(spent[puzzle]["prompt_tokens"])
        row["output_tokens"] = np.array(spent[puzzle]["completion_tokens"])
        chain = chains[puzzle]
        row["straight"] = np.mean([sample["correct"] for sample in chain])
        row["answer_input"] = np.array(chain[0]["prompt_tokens"] / 5)  # 100 samples came in five calls
        row["answer_output"] = np.mean([sample["completion_tokens"] for sample in chain])
        rows.append(row)
    return {name: np.stack([np.asarray(row[name], float) for row in rows]) for name in rows[0]}


def _puzzle(puzzle: str, tree: list[dict[str, Any]], seen: set[Any]) -> dict[str, Any]:
    """Sums of one tree."""
    by_id = {node["node_id"]: node for node in tree}
    children: dict[int, list[dict[str, Any]]] = defaultdict(list)
    kind: dict[int, int] = {}
    sums: dict[str, Any] = defaultdict(lambda: np.zeros(DEPTHS))
    sums["votes"], sums["truths"] = np.zeros((DEPTHS, 3, len(VOTE_VALUES))), np.zeros((DEPTHS, 2, len(VOTE_VALUES)))
    sums["bought"], sums["judged"] = np.zeros((DEPTHS, 2)), np.zeros((DEPTHS, 2))
    sums["valid"], sums["votings"] = np.zeros(DEPTHS - 1), 0.0
    for node in tree:
        depth, parent = node["depth"] - 1, node["parent_id"]
        above = kind.get(parent, SOUND)
        complete = depth == DEPTHS - 1
        if node["correct"]:
            kind[node["node_id"]] = SOUND
        elif (above != DEAD) if complete else makes_24(node.get("state")):
            kind[node["node_id"]] = COUNTERFEIT  # at the end: an expression is written, but a wrong one
        else:
            kind[node["node_id"]] = DEAD
        if depth < 0:
            continue
        children[parent].append(node)
        mine = kind[node["node_id"]]
        looks = mine if complete else min(mine, SOUND)  # nobody sees a counterfeit before the end
        sums["votes"][depth, looks, _level(node["value"])] += 1
        sums["truths"][depth, int(mine == SOUND), _level(node["value"])] += 1
        state = re.search(r"left: ([^)]*)\)", node.get("answer") or "")
        voted_on = state.group(1) if state else (puzzle, node.get("answer"))
        if voted_on not in seen:
            seen.add(voted_on)
            sums["votings"] += 1
            sums["bought"][depth, min(looks, SOUND)] += 1
        if not complete:
            sums["valid"][depth] += node["valid_step"]
            sums["judged"][depth, looks] += 1
            if mine != SOUND and above != COUNTERFEIT:
                sums["not_sound"][depth] += 1
                sums["counterfeit"][depth] += mine == COUNTERFEIT
    for node in tree:
        depth = node["depth"]
        if depth == DEPTHS or not node["selected"]:
            continue
        mine, steps = kind[node["node_id"]], children[node["node_id"]]
        sums["parents"][depth] += 1
        sums["children"][depth] += len(steps)
        if depth == DEPTHS - 1:  # one expression is written from every end, in however many lines
            sums["judged"][depth, min(mine, SOUND)] += 1
        if mine == SOUND:
            good = sum(by_id[step["node_id"]]["correct"] for step in steps)
            sums["sound_parents"][depth] += 1
            sums["found"][depth] += good > 0
            sums["more"][depth] += max(good - 1, 0)
            sums["places"][depth] += len(steps) - 1 if good else 0
    sums["proposals"] = sums["parents"].sum()
    names = ("parents", "children", "sound_parents", "found", "more", "places", "not_sound", "counterfeit")
    return {**{name: sums[name] for name in names}, **sums}


def makes_24(state: str | None) -> bool:
    """Whether numbers, as they stand in a log, can make 24.

    Examples
    --------
    >>> makes_24("4 5 6 10"), makes_24("16 20"), makes_24("three 8"), makes_24("5/2 10 1")
    (True, False, False, True)
    """
    try:
        numbers = tuple(sorted(Fraction(part) for part in (state or "").split()))
    except (ValueError, ZeroDivisionError):
        return False
    return 0 < len(numbers) <= 4 and _makes_24(numbers)


@cache
def _makes_24(numbers: tuple[Fraction, ...]) -> bool:
    if len(numbers) == 1:
        return numbers[0] == 24
    for place, first in enumerate(numbers):
        for other, second in enumerate(numbers):
            if place == other:
                continue
            rest = [number for index, number in enumerate(numbers) if index not in (place, other)]
            results = [first + second, first - second, first * second, *([first / second] if second else [])]
            if any(_makes_24(tuple(sorted([*rest, result]))) for result in results):
                return True
    return False


def _level(value: float) -> int:
    """Which of `VOTE_VALUES` a value counts as."""
    return sum(value >= bound for bound in (0.0005, 0.0025, 1.0, 2.0, 3.0, 20.0, 40.0, 60.0))


def area(bad: NDArray[np.float64], good: NDArray[np.float64]) -> float:
    """Area under the ROC curve: chance that a good node has a higher level than a bad one, ties half.

    Parameters
    ----------
    bad, good
        Counts or weights of the levels, in ascending order.

    Examples
    --------
    >>> area(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
    0.625
    """
    below = np.cumsum(bad) - bad
    return float((good * (below + bad / 2)).sum() / (good.sum() * bad.sum()))


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _rounded(values: NDArray[np.float64]) -> Any:
    return np.vectorize(lambda value: float(f"{value:.6g}"), otypes=[float])(values).tolist()


if __name__ == "__main__":
    fitted = fit(Path(sys.argv[1]))
    text = json.dumps(fitted, indent=1)
    text = re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", text)
    Path(sys.argv[2]).write_text(text + "\n", encoding="utf-8")
