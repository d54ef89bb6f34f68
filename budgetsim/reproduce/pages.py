"""The pages of ``papers/``: their tables are made from results, never typed.

Run as a program it recomputes claims and makes the tables again::

    python -m budgetsim.reproduce.pages papers                     all systems
    python -m budgetsim.reproduce.pages papers bavt --analytical   the exact claims of one, the others as they were
    python -m budgetsim.reproduce.pages papers --remake            tables from the results that are there
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from budgetsim.errors import InputError, JobError
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.derivations import listing
from budgetsim.reproduce.registry import check_name, command, keep, reproduce, systems
from budgetsim.reproduce.tables import from_json, markdown, summary, to_json
from budgetsim.terminal import say, step
from budgetsim.traces.write import replacing


def result_path(folder: Path, slug: str) -> Path:
    """Where the last output of a system is kept."""
    return folder / "results" / f"{slug}.json"


def read_results(folder: Path, slug: str) -> list[Claim]:
    """The last output of a system; none where it was never run."""
    path = result_path(folder, slug)
    try:
        return from_json(path.read_text(encoding="utf-8")) if path.is_file() else []
    except ValueError as error:
        raise InputError(f"no list of claims: {error}", file=path) from error


def between(page: str, name: str, text: str) -> str:
    """A page with the text between its two markers of a name replaced.

    Raises
    ------
    ValueError
        The page does not have the two markers once each, in order.

    Examples
    --------
    >>> between("a <!-- claims -->old<!-- /claims --> b", "claims", "new")
    'a <!-- claims -->\\n\\nnew\\n\\n<!-- /claims --> b'
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed) or begin in after or end in after:
        raise ValueError(f"expected {begin} and {end} once each")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def made(page: str, slug: str, claims: Sequence[Claim]) -> str:
    """A page with everything in it that is generated: its claims and its derivations.

    Raises
    ------
    ValueError
        The page lacks a marker.
    """
    page = between(page, "claims", f"{markdown(claims)}\n\n{summary(claims)}.")
    return between(page, "derivations", listing(slug)) if "<!-- derivations -->" in page else page


def title(page: str) -> str:
    """The first heading of a page."""
    return page.partition("\n")[0].removeprefix("# ").strip()


def index(pages: Mapping[str, str], results: Mapping[str, Sequence[Claim]]) -> str:
    """The text of the index: the pages, and every claim of all of them in one table."""
    listed = "\n".join(f"| [{title(page)}]({slug}.md) | {summary(results[slug])} |" for slug, page in pages.items())
    everything = [claim for slug in pages for claim in results[slug]]
    return f"""# What the literature claims, and what comes out here

One page a system. A claim is a number or an ordering that somebody reports; beside it stands what this library
computes, with its standard error (none: an exact computation), and a verdict that follows from the two by a
[stated rule](../budgetsim/reproduce/verdicts.py), never by hand: a number holds within the rounding of its printed
digits and three standard errors, an ordering by more than two standard errors.

How *theirs* is known: SOURCED, read in the paper, its figures' printed labels or its code; SECOND-HAND, read in
somebody's account of the paper, so it may not be the authors' wording; DERIVED, worked out from the model; MEASURED,
computed from public data or code; FIGURE, read off a plot; UNVERIFIED, seen in no source.

| page | verdicts |
|---|---|
{listed}

[errata.md](errata.md) lists formulas in circulation that are wrong, with the numbers that show it.
[priors.md](priors.md) declares the worlds of every simulated comparison before it is run.

This file is generated: `make papers` recomputes every claim and writes all tables again.

## Every claim

{summary(everything)}.

{markdown(everything)}
"""


def remake(folder: Path) -> list[Path]:
    """Write the tables of all pages and the index from the results that are there; the files that changed."""
    pages, results, changed = {}, {}, []
    for slug in systems():
        path = folder / f"{slug}.md"
        if not path.is_file():
            raise InputError("there is no such page", file=path)
        results[slug] = read_results(folder, slug)
        before = path.read_text(encoding="utf-8")
        try:
            pages[slug] = made(before, slug, results[slug])
        except ValueError as error:
            raise InputError(str(error), file=path) from error
        changed += _write(path, pages[slug])
    return [*changed, *_write(folder / "README.md", index(pages, results))]


def rerun(folder: Path, slug: str, *, analytical: bool, seed: int = 0) -> list[Path]:
    """Recompute the claims of one system and keep them; with ``analytical`` the simulated ones stay as they were."""
    exact = command(slug, analytical=True)
    with step(f"recomputing {slug}") as progress:
        claims = reproduce(slug, analytical=analytical, seed=seed, progress=progress)
    if analytical:
        claims += [claim for claim in read_results(folder, slug) if claim.command != exact]
    else:
        keep(slug, result_path(folder, slug).with_suffix(""))
    result_path(folder, slug).parent.mkdir(parents=True, exist_ok=True)
    return _write(result_path(folder, slug), to_json(claims))


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m budgetsim.reproduce.pages", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("folder", type=Path, help="the folder of the pages")
    parser.add_argument("systems", nargs="*", help="systems to recompute [default: all]")
    parser.add_argument("--analytical", action="store_true", help="recompute exact claims only")
    parser.add_argument("--remake", action="store_true", help="recompute nothing, only make the tables again")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    try:
        changed = []
        if not given.remake:
            for slug in [check_name(slug) for slug in given.systems] or systems():
                changed += rerun(given.folder, slug, analytical=given.analytical, seed=given.seed)
        changed += remake(given.folder)
    except InputError as error:
        say(f"error: {error}")
        return 2
    except JobError as error:
        say(f"failed: {error}")
        return 1
    print("\n".join(f"changed: {path}" for path in changed) or "nothing changed")
    return 0


def _write(path: Path, text: str) -> list[Path]:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return []
    with replacing(path) as file:
        file.write(text.encode())
    return [path]


if __name__ == "__main__":
    sys.exit(main())
