"""How numbers and names are written in the report; what is missing reads ``not known``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

NOT_KNOWN = "not known"
#: Characters of a name that are shown; the rest is in its title.
LONGEST = 60

#: Full names of what predictions are compared with.
PREDICTORS = {
    "predicted": "this calibration",
    "plugin": "plug-in: the share of right answers of each problem taken for its probability",
    "beta_binomial": "a beta-binomial fitted to each group alone",
    "carried": "the value at the samples seen, carried forward",
    "independent": "independent samples at the mean accuracy",
}
#: Short name and meaning.
METRICS = {
    "pass": ("coverage pass@k", "coverage, pass@k: at least one of k samples is right"),
    "plurality": ("plurality maj@k", "plurality, maj@k: the most frequent of k answers is right"),
}


def known(number: object) -> bool:
    """Whether there is a finite number to show.

    Examples
    --------
    >>> known(0.5), known(None), known(float("nan"))
    (True, False, False)
    """
    return isinstance(number, int | float) and number == number and abs(number) != float("inf")


def share(number: float | None) -> str:
    """An accuracy, a correlation or a difference of them.

    Examples
    --------
    >>> share(0.61627), share(None)
    ('0.616', 'not known')
    """
    return f"{number:.3f}" if number is not None and known(number) else NOT_KNOWN


def fine(number: float | None) -> str:
    """A standard error.

    Examples
    --------
    >>> fine(0.00108)
    '0.0011'
    """
    return f"{number:.4f}" if number is not None and known(number) else NOT_KNOWN


def signed(number: float | None) -> str:
    """A standard score.

    Examples
    --------
    >>> signed(0.857), signed(-0.031)
    ('+0.86', '-0.03')
    """
    return f"{number:+.2f}" if number is not None and known(number) else NOT_KNOWN


def percent(number: float | None) -> str:
    """A share of cases.

    Examples
    --------
    >>> percent(0.9655)
    '97%'
    """
    return f"{number:.0%}" if number is not None and known(number) else NOT_KNOWN


def interval(estimate: Mapping[str, float] | None) -> str:
    """A number with its interval in brackets.

    Examples
    --------
    >>> interval({"value": 0.6163, "low": 0.5722, "high": 0.6558})
    '0.616 [0.572, 0.656]'
    """
    if estimate is None or not known(estimate["value"]):
        return NOT_KNOWN
    return f"{share(estimate['value'])} [{share(estimate['low'])}, {share(estimate['high'])}]"


def predicted(point: Mapping[str, Any]) -> str:
    """The prediction of a held-out point.

    Examples
    --------
    >>> predicted({"predicted": 0.484, "predicted_low": 0.434, "predicted_high": 0.537})
    '0.484 [0.434, 0.537]'
    """
    return interval({"value": point["predicted"], "low": point["predicted_low"], "high": point["predicted_high"]})


def count(number: float | None) -> str:
    """Tokens and other counts.

    Examples
    --------
    >>> count(1861.9)
    '1,862'
    """
    return f"{number:,.0f}" if number is not None and known(number) else NOT_KNOWN


def probability(number: float | None) -> str:
    """A probability found by simulation: never a bare 0 or 1.

    Examples
    --------
    >>> probability(1.0), probability(0.948), probability(0.5), probability(0.0)
    ('above 0.999', '0.948', '0.500', 'below 0.001')
    """
    if number is None or not known(number):
        return NOT_KNOWN
    if number > 0.999:
        return "above 0.999"
    return "below 0.001" if number < 0.001 else share(number)


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """A count with its noun.

    Examples
    --------
    >>> plural(1, "file"), plural(29, "group")
    ('1 file', '29 groups')
    """
    return f"{count(number)} {noun if number == 1 else nouns or f'{noun}s'}"


def brief(name: str) -> Markup:
    """A name from the user's data, escaped; a long one is cut and whole in its title.

    Examples
    --------
    >>> print(brief("a<b"))
    a&lt;b
    >>> print(brief("x" * 61).replace("x" * 59, "xx"))
    <span title="xxxx">xx…</span>
    """
    if len(name) <= LONGEST:
        return escape(name)
    return Markup('<span title="{}">{}</span>').format(name, cut(name))


def cut(name: str) -> str:
    """At most ``LONGEST`` characters of a name, for places that take no markup.

    Examples
    --------
    >>> cut("tiny"), len(cut("x" * 3000)), cut("x" * 3000)[-2:]
    ('tiny', 60, 'x…')
    """
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def sentence(text: str, names: Iterable[str]) -> Markup:
    """A sentence, escaped, with the long ones among the names in it cut.

    Examples
    --------
    >>> print(sentence("No task b<c here.", ["b<c"]))
    No task b&lt;c here.
    """
    long = sorted({name for name in names if len(name) > LONGEST}, key=len, reverse=True)
    if not long:
        return escape(text)
    # Split at a captured group: names stand at the odd places.
    parts = re.split(f"({'|'.join(map(re.escape, long))})", text)
    return Markup("").join(brief(part) if place % 2 else part for place, part in enumerate(parts))


def configuration(row: Mapping[str, Any], *, model: bool = True, temperature: bool = True) -> Markup:
    """Model, strategy and temperature of a row, as far as they are given and wanted; escaped, long names cut.

    Examples
    --------
    >>> row = {"model": "tiny", "strategy": "shots_4", "temperature": 0.8}
    >>> print(configuration(row))
    tiny, shots_4, temperature 0.8
    >>> print(configuration(row, model=False, temperature=False))
    shots_4
    """
    parts = [brief(str(row[name])) for name in ("model", "strategy") if row.get(name) and (model or name == "strategy")]
    if temperature and row.get("temperature") is not None:
        parts.append(escape(f"temperature {row['temperature']:g}"))
    return Markup(", ").join(parts) or Markup("samples")
