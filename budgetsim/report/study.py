"""The main job: runs in, a checked plan out, as a page, two JSON files and figures."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure
from polars import DataFrame

from budgetsim import __version__, plot
from budgetsim.calibrate import (
    Calibration,
    calibrate,
    half_of_samples,
    order_effects,
    summarize,
    validate,
    with_tokens,
)
from budgetsim.calibrate.validate import Validation
from budgetsim.errors import InputError, JobError
from budgetsim.planning import ALL_TASKS, Costs, Plan, check, organization_curves, plan
from budgetsim.planning.limits import limits
from budgetsim.planning.plan import HORIZON, TaskPlan
from budgetsim.report.files import make_folder, read_runs, write_json, write_text
from budgetsim.report.page import render
from budgetsim.traces import Runs

#: Shows one step of a job: from its name to a context that takes (done, total).
Step = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


_REJECTS = "rejects.jsonl"
_FIGURES = ("groups", "frontier", "organizations", "held_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a study needs to know besides the runs.

    Attributes
    ----------
    budget
        Tokens per problem.
    costs
        Messages, fidelity, correlation, window, number of votes.
    fit_samples
        Samples per problem to fit before predicting the others; half of them by default.
    tokens_per_sample
        Taken where the runs do not say.
    seed
        Seeds all draws.
    strict
        Whether any rejected row ends the job.
    """

    budget: float
    costs: Costs
    fit_samples: int | None = None
    tokens_per_sample: float | None = None
    seed: int = 0
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Where a study went, and its headline."""

    report: Path
    files: list[Path]
    headline: str


def study(paths: Sequence[Path], out: Path, settings: Settings, step: Step, *, command: str) -> Written:
    """Read runs, calibrate, plan, play the plan out, hold predictions against held-out samples, write the report.

    Parameters
    ----------
    paths
        Run files.
    out
        Folder for ``report.html``, ``calibration.json``, ``plan.json``, ``validation.json``, ``rejects.jsonl`` (if any)
        and ``figures/``; made if missing.
    settings
        Budget and assumptions.
    step
        Shows progress.
    command
        The command line, for the report's footer.

    Returns
    -------
    Written

    Raises
    ------
    InputError
        If the runs, the settings or the folder cannot be used.
    """
    started = time.monotonic()
    if not 0.0 < settings.budget < float("inf"):
        raise InputError(f"expected tokens per problem, above 0 and finite, found {settings.budget}", field="budget")
    make_folder(out)
    with step("reading runs") as progress:
        runs = read_runs(paths, out / _REJECTS, strict=settings.strict, progress=progress)
    table = with_tokens(runs.table, settings.tokens_per_sample)
    with step("calibrating"):
        calibration = calibrate(table, seed=settings.seed)
    with step("planning"):
        planned, plan_note = _plan(calibration, settings)
    with step("playing the plan out") as progress:
        checks = [] if planned is None else check(calibration, planned, seed=settings.seed, progress=progress)
    with step("predicting held-out samples"):
        validation, note = _validate(table, settings)
    with step("drawing figures") as progress:
        drawn = _figures(table, calibration, planned, validation, settings, progress)
    _clear(out)
    written = [write_json(out / "calibration.json", calibration.to_dict())]
    if planned is not None:
        document = {**planned.to_dict(), "checks": [one.to_dict() for one in checks]}
        written.append(write_json(out / "plan.json", document))
    if validation is not None:
        written.append(write_json(out / "validation.json", validation.to_dict()))
    folder = out / "figures"
    make_folder(folder)
    for name, themes in drawn.items():
        for theme, figure in themes.items():
            written += plot.save(figure, folder, _file_name(name) + ("" if theme == "light" else f"-{theme}"))
    page = render(
        {
            "title": "Budget study",
            "command": command,
            "version": __version__,
            "seconds": time.monotonic() - started,
            "budget": settings.budget,
            **_reading(runs, calibration, out),
            "calibration": calibration.to_dict(),
            "plan": None if planned is None else planned.to_dict(),
            "plan_note": plan_note,
            "checks": [one.to_dict() for one in checks],
            "validation": None if validation is None else validation.to_dict(),
            "validation_note": note,
            "figures": {name: _texts(folder, name, themes) for name, themes in drawn.items()},
            "cannot_tell": limits(calibration, planned, settings.costs),
            "seed": settings.seed,
        }
    )
    report = out / "report.html"
    write_text(report, page)
    disagreeing = [one for one in checks if not one.agrees]
    if disagreeing:
        raise JobError(
            f"theory and simulation disagree on {len(disagreeing)} of {len(checks)} organizations; see {report}"
        )
    return Written(report, [report, *written], _headline(planned, plan_note))


def _clear(out: Path) -> None:
    """Take away what an earlier study left under the names that this one may not write again."""
    for name in ("report.html", "plan.json", "validation.json"):
        (out / name).unlink(missing_ok=True)
    for name in _FIGURES:
        for path in (out / "figures").glob(f"{_file_name(name)}*.*"):
            if path.suffix in {".svg", ".png"}:
                path.unlink()


def _plan(calibration: Calibration, settings: Settings) -> tuple[Plan | None, str | None]:
    if all(group.tokens is None for group in calibration.groups):
        return None, "The runs carry no token counts; say how much a sample takes with --tokens-per-sample."
    try:
        return plan(calibration, settings.budget, costs=settings.costs, seed=settings.seed), None
    except InputError as impossible:
        return None, f"There is no plan: {impossible.message}."


def _validate(table: DataFrame, settings: Settings) -> tuple[Validation | None, str | None]:
    samples = half_of_samples(table) if settings.fit_samples is None else settings.fit_samples
    if samples < 1 and settings.fit_samples is None:
        return None, "Most problems were answered once only: nothing can be held out."
    try:
        return validate(table, samples, seed=settings.seed), None
    except InputError as nothing_left:
        if settings.fit_samples is not None:
            raise
        return None, f"Nothing could be held out: {nothing_left.message}."


def _figures(
    table: DataFrame,
    calibration: Calibration,
    planned: Plan | None,
    validation: Validation | None,
    settings: Settings,
    progress: Callable[[int, int], None],
) -> dict[str, dict[str, Figure]]:
    makers: dict[str, Callable[[str], Figure]] = {
        "groups": lambda theme: plot.groups(calibration.to_dict(), theme=theme)
    }
    if planned is not None:
        first = _first_task(planned)
        document = first.to_dict()
        makers["frontier"] = lambda theme: plot.frontier(document, settings.budget, theme=theme)
        if validation is not None:
            curves = organization_curves(
                summarize(validation.fit, order_effects(table), seed=settings.seed),
                validation.held_out,
                first.best,
                first.task,
                settings.costs,
                horizon=HORIZON * settings.budget,
                seed=settings.seed,
                progress=progress,
            )
            makers["organizations"] = lambda theme: plot.organizations(curves, budget=settings.budget, theme=theme)
    if validation is not None:
        result = validation.to_dict()
        makers["held_out"] = lambda theme: plot.held_out(result, theme=theme)
    return {name: {theme: make(theme) for theme in ("light", "dark")} for name, make in makers.items()}


def _first_task(planned: Plan) -> TaskPlan:
    """The first single task of a plan: figures of curves show one task, not a mixture of several."""
    return next((task for task in planned.tasks if task.task != ALL_TASKS), planned.tasks[0])


def _reading(runs: Runs, calibration: Calibration, out: Path) -> dict[str, object]:
    rejects = out / _REJECTS
    return {
        "sources": [asdict(source) for source in runs.sources],
        "rejects": dict(runs.rejects.counts),
        "rejects_file": rejects.name if len(runs.rejects) and rejects.exists() else None,
        "set_aside": calibration.set_aside,
    }


def _headline(planned: Plan | None, note: str | None) -> str:
    if planned is None:
        return note or "no plan"
    first = planned.tasks[0]
    best = first.best
    return (
        f"{first.task}: {best.shape.label()} of {best.strategy} ({best.model}), {best.tokens:,.0f} tokens, "
        f"accuracy {best.accuracy}; {first.verdict()}"
    )


def _file_name(name: str) -> str:
    return name.replace("_", "-")


def _texts(folder: Path, name: str, themes: Mapping[str, Figure]) -> dict[str, str]:
    stem = _file_name(name)
    return {
        theme: (folder / (stem + ("" if theme == "light" else f"-{theme}") + ".svg")).read_text(encoding="utf-8")
        for theme in themes
    }
