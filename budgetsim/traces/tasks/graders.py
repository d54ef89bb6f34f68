"""From a completion to an answer: four plain graders.

``exact``
    The first line, without case, accents, surrounding punctuation and repeated blanks.
``number``
    The last number of the completion, so that a worked solution counts by its result.
``choice``
    The admissible choice that the completion names last, for the same reason.
``regex``
    Group 1 (or all) of the first match of a pattern.

A completion without an answer is wrong. Two equal answers are equal strings, so that votes can be counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from budgetsim.errors import InputError

GraderName = Literal["exact", "number", "choice", "regex"]
# A minus after a digit or letter subtracts; elsewhere it is a sign.
_NUMBER = re.compile(r"(?:(?<!\w)-)?(?:\d+(?:,\d{3})*(?:\.\d+)?|\.\d+)")


@dataclass(frozen=True, slots=True)
class Grader:
    """How completions of a task are read; ``pattern`` belongs to ``regex`` alone.

    Raises
    ------
    InputError
        If the name is unknown, or the pattern is missing, not needed or not a regular expression.
    """

    name: GraderName = "exact"
    pattern: str | None = None

    def __post_init__(self) -> None:
        if self.name not in get_args(GraderName):
            raise InputError(f"expected one of {', '.join(get_args(GraderName))}, found {self.name!r}", field="grader")
        if (self.name == "regex") != (self.pattern is not None):
            raise InputError("a pattern goes with the regex grader and with no other", field="pattern")
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise InputError(f"not a regular expression: {error}", field="pattern") from None


def normalize(text: str) -> str:
    """First line, lower case, no accents, no punctuation around it, single blanks.

    Examples
    --------
    >>> normalize("  Bogotá. ")
    'bogota'
    """
    lines = text.strip().splitlines()
    decomposed = unicodedata.normalize("NFKD", lines[0] if lines else "")
    bare = "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()
    return " ".join(re.sub(r"^\W+|\W+$", "", bare).split())


def canonical_number(text: str) -> str | None:
    """The last number in the text, in one spelling, or None.

    Examples
    --------
    >>> canonical_number("20 + 7 = 27.0")
    '27'
    """
    found = _NUMBER.findall(text)
    if not found:
        return None
    text = found[-1].replace(",", "")
    whole, _, fraction = text.lstrip("-").partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    size = f"{whole}.{fraction}" if fraction else whole
    return f"-{size}" if text.startswith("-") and size != "0" else size


def _last_choice(text: str, choices: Sequence[str]) -> str | None:
    line = normalize(" ".join(text.split()))
    # Of two choices that end at the same place the longer one is meant.
    places = [
        (match.end(), len(choice), choice)
        for choice in choices
        for match in re.finditer(rf"(?<!\w){re.escape(normalize(choice))}(?!\w)", line)
    ]
    return max(places)[2] if places else None


def read_answer(completion: str, *, grader: Grader, choices: Sequence[str] = ()) -> str | None:
    """The answer in a completion, in the spelling votes are counted in, or None when there is none.

    Examples
    --------
    >>> read_answer(" the second one, B.", grader=Grader("choice"), choices=("A", "B"))
    'B'
    """
    if grader.name == "number":
        return canonical_number(completion)
    if grader.name == "choice":
        return _last_choice(completion, choices)
    if grader.name == "regex":
        match = re.search(grader.pattern or "", completion)
        if match is None:
            return None
        found = match[1] if match.re.groups else match[0]
        return (normalize(found) or None) if found is not None else None
    return normalize(completion) or None


def grade(completion: str, *, gold: str, grader: Grader, choices: Sequence[str] = ()) -> tuple[str | None, bool]:
    """The answer in a completion and whether it equals the gold answer.

    Raises
    ------
    InputError
        If the grader could never give this gold answer.

    Examples
    --------
    >>> grade(" Paris.", gold="Paris", grader=Grader("exact"))
    ('paris', True)
    """
    key = canonical_gold(gold, grader=grader, choices=choices)
    answer = read_answer(completion, grader=grader, choices=choices)
    return answer, answer == key


def canonical_gold(gold: str, *, grader: Grader, choices: Sequence[str] = ()) -> str:
    """The gold answer in the spelling of the answers.

    Raises
    ------
    InputError
        If the grader could never give this gold answer.
    """
    if grader.name == "number":
        number = canonical_number(gold)
        if number is None:
            raise InputError(f"the number grader needs a number, found {gold!r}", field="gold")
        return number
    if grader.name == "choice":
        same = [choice for choice in choices if normalize(choice) == normalize(gold)]
        if len(same) != 1:
            raise InputError(f"expected one of the choices {list(choices)}, found {gold!r}", field="gold")
        return same[0]
    text = normalize(gold)
    if not text:
        raise InputError("the gold answer is empty", field="gold")
    return text
