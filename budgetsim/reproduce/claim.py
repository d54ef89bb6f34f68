"""One claim of the literature beside the number that comes out here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal, TypeAlias, get_args

Verdict = Literal["holds", "holds only if", "does not hold", "unverified"]
Evidence = Literal["sourced", "second-hand", "derived", "measured", "figure", "unverified"]
Value: TypeAlias = float | str | None

VERDICTS: tuple[str, ...] = get_args(Verdict)
EVIDENCE: tuple[str, ...] = get_args(Evidence)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim, what was reported, what comes out here, and the verdict that follows.

    Make one with the functions of `budgetsim.reproduce.verdicts`, which compute the verdict.

    Parameters
    ----------
    claim
        What is claimed, in words that name the quantity and its unit.
    condition
        Under which it is claimed, or, after "holds only if", under which it is true.
    theirs
        The reported number, or the reported ordering in words; None where no source gives one.
    ours
        The number or ordering that comes out here; None only for a claim left unverified.
    se
        Standard error of ``ours``; None for an exact computation.
    verdict
        One of ``VERDICTS``.
    evidence
        How ``theirs`` is known, one of ``EVIDENCE``: read in the paper, its figures' labels or its code (sourced),
        read in somebody's account of it (second-hand), worked out from its model (derived), computed from public
        data or code (measured), read off a plot (figure), not seen in any source (unverified).
    command
        The command that gives ``ours``; filled in by the run.

    Raises
    ------
    ValueError
        A field is outside its domain.

    Examples
    --------
    >>> claim = Claim(claim="slope of a vote of 3", condition="no correlation", theirs=1.5, ours=1.5, se=None,
    ...               verdict="holds", evidence="second-hand")
    >>> Claim.from_dict(claim.to_dict()) == claim
    True
    """

    claim: str
    condition: str
    theirs: Value
    ours: Value
    se: float | None
    verdict: Verdict
    evidence: Evidence
    command: str = ""

    def __post_init__(self) -> None:
        for name in ("claim", "condition", "command"):
            text = getattr(self, name)
            if not isinstance(text, str) or text != " ".join(text.split()) or (not text and name != "command"):
                raise ValueError(f"{name}: expected one line of text, found {text!r}")
        for name in ("theirs", "ours"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, float | int | str | None):
                raise ValueError(f"{name}: expected a number, a text or None, found {value!r}")
            if isinstance(value, float | int) and not math.isfinite(value):
                raise ValueError(f"{name}: expected a finite number, found {value!r}")
        if self.se is not None and not 0.0 <= self.se < math.inf:
            raise ValueError(f"se: expected a finite number of at least 0 or None, found {self.se!r}")
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict: expected one of {', '.join(VERDICTS)}, found {self.verdict!r}")
        if self.evidence not in EVIDENCE:
            raise ValueError(f"evidence: expected one of {', '.join(EVIDENCE)}, found {self.evidence!r}")
        if self.ours is None and self.verdict != "unverified":
            raise ValueError(f"ours: a claim that {self.verdict} needs what came out here")

    @property
    def exact(self) -> bool:
        """Whether ``ours`` is a computation without sampling error."""
        return self.se is None

    def to_dict(self) -> dict[str, Value]:
        """The claim as one JSON object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> Claim:
        """The claim that one JSON object holds; raises ValueError for other fields than a claim's."""
        names = {field.name for field in fields(cls)}
        if set(document) != names:
            raise ValueError(f"expected the fields {', '.join(sorted(names))}, found {', '.join(sorted(document))}")
        return cls(**document)  # type: ignore[arg-type]  # every field is checked above
