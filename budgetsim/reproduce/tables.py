"""Claims as text: for a terminal, for a page, for a file."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from budgetsim.reproduce.claim import VERDICTS, Claim, Value

_FEWEST_DIGITS = 5
_COLUMNS = ("claim", "condition", "theirs", "ours ± se", "verdict", "evidence", "command")


def reported(claim: Claim) -> str:
    """What is reported, as text.

    Examples
    --------
    >>> from budgetsim.reproduce.verdicts import number
    >>> claim = number("share", "always", theirs="0.47", ours=0.4712345, evidence="sourced", se=0.00123)
    >>> reported(claim), computed(claim)
    ('0.47', '0.4712 ± 0.0012')
    """
    return _text(claim.theirs, 12)


def computed(claim: Claim) -> str:
    """What comes out here with its standard error, with one digit more than is reported."""
    if claim.se and isinstance(claim.ours, float | int):
        decimals = max(0, 1 - math.floor(math.log10(claim.se)))
        return f"{claim.ours:.{decimals}f} ± {claim.se:.{decimals}f}"
    digits = sum(character.isdigit() for character in _text(claim.theirs, 12).lstrip("-0.").partition("e")[0])
    return _text(claim.ours, max(_FEWEST_DIGITS, digits + 1) if not isinstance(claim.theirs, str) else _FEWEST_DIGITS)


def summary(claims: Iterable[Claim]) -> str:
    """How many claims have which verdict.

    Examples
    --------
    >>> from budgetsim.reproduce.verdicts import number
    >>> summary([number("a", "b", theirs="1", ours=1.0, evidence="derived")])
    '1 claim: 1 holds'
    """
    found = Counter(claim.verdict for claim in claims)
    total = sum(found.values())
    counts = ", ".join(f"{found[verdict]} {verdict}" for verdict in VERDICTS if found[verdict])  # type: ignore[index]
    return f"{total} claim{'' if total == 1 else 's'}: {counts}"


def plain(claims: Sequence[Claim]) -> str:
    """Claims for a terminal, two lines each, and how many have which verdict."""
    width = max(len(verdict) for verdict in VERDICTS) + 2
    lines = [
        f"{claim.verdict.ljust(width)}{claim.claim} ({claim.condition})\n"
        f"{'':{width}}theirs {reported(claim)} [{claim.evidence}]; ours {computed(claim)}"
        for claim in claims
    ]
    return "\n".join([*lines, summary(claims)])


def markdown(claims: Iterable[Claim]) -> str:
    """Claims as a Markdown table, a row each."""
    rows = [
        (
            claim.claim,
            claim.condition,
            reported(claim),
            computed(claim),
            f"**{claim.verdict}**",
            claim.evidence.upper(),
            f"`{claim.command}`",
        )
        for claim in claims
    ]
    return "\n".join(_row(row) for row in (_COLUMNS, ("---",) * len(_COLUMNS), *rows))


def to_json(claims: Iterable[Claim]) -> str:
    """Claims as a JSON list of objects, a line each, so that a change shows as a changed line."""
    lines = [json.dumps(claim.to_dict(), allow_nan=False, ensure_ascii=False) for claim in claims]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def from_json(text: str) -> list[Claim]:
    """The claims that `to_json` wrote.

    Raises
    ------
    ValueError
        The text is not a JSON list of claims.
    """
    document = json.loads(text)
    if not isinstance(document, list) or not all(isinstance(entry, Mapping) for entry in document):
        raise ValueError("expected a JSON list of objects")
    return [Claim.from_dict(entry) for entry in document]


def _text(value: Value, digits: int) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.{digits}g}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
