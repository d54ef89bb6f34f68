"""The command line: ``budgetsim study | calibrate | plan | validate | simulate | record | reproduce``.

Exit status 0 is done, 1 the job failed, 2 the input or the arguments are wrong.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from budgetsim import __version__
from budgetsim.errors import InputError, JobError
from budgetsim.terminal import say, step

if TYPE_CHECKING:
    from budgetsim.calibrate import Calibration
    from budgetsim.planning import Costs
    from budgetsim.traces import Runs

app = typer.Typer(
    name="budgetsim",
    help="Spend a fixed inference budget well: from logged LLM runs to a checked plan.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RunFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUNS...", help="Run files: JSON Lines (plain, gzip, zstd), Parquet, or a plug-in's format."
    ),
]
Bundled = Annotated[bool, typer.Option("--bundled", help="Use the runs that come with budgetsim.")]
Strict = Annotated[bool, typer.Option("--strict", help="End with status 2 at the first bad row.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Seed = Annotated[int, typer.Option(min=0, help="Seeds every draw; one seed gives one result.")]
Budget = Annotated[float, typer.Option(help="Tokens for one problem: prompt and completion of every call.")]
Out = Annotated[Path | None, typer.Option(help="File to write the result to, as JSON.")]
MessageTokens = Annotated[float, typer.Option(help="Tokens of one message between agents.")]
Fidelity = Annotated[float, typer.Option(help="Factor by which a message multiplies a vote's bias, in (0, 1].")]
Correlation = Annotated[float, typer.Option(help="Shared errors at an aggregator given the problem, in [0, 1).")]
Window = Annotated[float | None, typer.Option(help="Tokens that one aggregator can read.")]
MaxVotes = Annotated[int, typer.Option(help="Largest number of votes to look at.")]
SampleTokens = Annotated[
    float | None, typer.Option("--tokens-per-sample", help="Tokens of a sample where the runs do not say.")
]
FitSamples = Annotated[
    int | None, typer.Option(help="Samples per problem to fit before predicting the rest [default: half of them].")
]


@app.command()
def study(
    out: Annotated[Path, typer.Option(help="Folder for report.html, JSON files and figures.")],
    budget: Budget,
    runs: RunFiles = None,
    bundled: Bundled = False,
    fit_samples: FitSamples = None,
    message_tokens: MessageTokens = 10.0,
    fidelity: Fidelity = 1.0,
    correlation: Correlation = 0.0,
    window: Window = None,
    max_votes: MaxVotes = 64,
    tokens_per_sample: SampleTokens = None,
    seed: Seed = 0,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Calibrate runs, plan the budget, check the plan by simulation and on held-out samples, write a report."""
    from budgetsim.report.study import Settings
    from budgetsim.report.study import study as run_study

    settings = Settings(
        budget=budget,
        costs=_costs(message_tokens, fidelity, correlation, window, max_votes),
        fit_samples=fit_samples,
        tokens_per_sample=tokens_per_sample,
        seed=seed,
        strict=strict,
    )
    written = run_study(_paths(runs, bundled), out, settings, step, command=_command())
    if as_json:
        files = [str(path) for path in written.files]
        print(json.dumps({"report": str(written.report), "files": files, "headline": written.headline}))
    else:
        print(written.headline)
        print(f"Report: {written.report}")


@app.command()
def calibrate(
    runs: RunFiles = None,
    bundled: Bundled = False,
    out: Out = None,
    tokens_per_sample: SampleTokens = None,
    seed: Seed = 0,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Per group: accuracy, correlation, distribution over problems, answers, tokens, with 90% intervals."""
    calibration = _calibration(runs, bundled, tokens_per_sample, seed, strict, out)
    if _write(out, calibration.to_dict(), as_json):
        return
    for group in calibration.groups:
        tokens = "tokens not known" if group.tokens is None else f"{group.tokens.value:,.0f} tokens"
        print(
            f"{group.group.label()}: accuracy {group.accuracy}, correlation {group.correlation_total}, "
            f"{tokens}, {group.samples} samples of {group.problems} problems"
        )


@app.command()
def plan(
    budget: Budget,
    runs: RunFiles = None,
    bundled: Bundled = False,
    calibration: Annotated[
        Path | None, typer.Option(help="A file that `budgetsim calibrate --out` wrote, instead of runs.")
    ] = None,
    out: Out = None,
    message_tokens: MessageTokens = 10.0,
    fidelity: Fidelity = 1.0,
    correlation: Correlation = 0.0,
    window: Window = None,
    max_votes: MaxVotes = 64,
    tokens_per_sample: SampleTokens = None,
    seed: Seed = 0,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """The best organization of calls for every task under a budget, and how sure that is."""
    from budgetsim.planning import plan as make_plan

    costs = _costs(message_tokens, fidelity, correlation, window, max_votes)
    if calibration is not None:
        if runs or bundled:
            raise InputError("give either runs or --calibration, not both")
        known = _read_calibration(calibration)
    else:
        known = _calibration(runs, bundled, tokens_per_sample, seed, strict, out)
    with step("planning"):
        made = make_plan(known, budget, costs=costs, seed=seed)
    if _write(out, made.to_dict(), as_json):
        return
    for task in made.tasks:
        best = task.best
        print(
            f"{task.task}: {best.shape.label()} of {best.strategy} ({best.model}), {best.tokens:,.0f} tokens, "
            f"accuracy {best.accuracy}; {task.verdict()}"
        )
    for name, reason in made.skipped.items():
        print(f"{name}: no plan, {reason}")


@app.command()
def validate(
    fit_samples: Annotated[int, typer.Option(help="Fit on samples with a sample_index below this.")],
    runs: RunFiles = None,
    bundled: Bundled = False,
    out: Out = None,
    seed: Seed = 0,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Predict coverage and plurality curves from the first samples of each problem and compare with all samples."""
    from budgetsim.calibrate import validate as run_validation

    table = _read(runs, bundled, strict, out).table
    with step("predicting held-out samples"):
        result = run_validation(table, fit_samples, seed=seed)
    if _write(out, result.to_dict(), as_json):
        return
    coverage = result.interval_coverage()
    for metric, errors in result.mean_absolute_errors().items():
        listed = ", ".join(f"{name} {error:.4f}" for name, error in errors.items())
        print(f"{metric}: mean absolute error at the largest k: {listed}; intervals cover {coverage[metric]:.2f}")
    for label, reason in result.skipped.items():
        print(f"{label}: {reason}")


@app.command()
def simulate(
    probability: Annotated[float, typer.Option(help="Probability that one leaf call is right.")],
    fan_in: Annotated[int, typer.Option(help="Votes that one aggregator reads, 1 or odd.")] = 1,
    depth: Annotated[int, typer.Option(help="Levels of aggregation, 0 for a single call.")] = 0,
    fidelity: Fidelity = 1.0,
    correlation: Correlation = 0.0,
    replicas: Annotated[int, typer.Option(help="Organizations to play.")] = 100_000,
    standard_error: Annotated[
        float | None,
        typer.Option(help="Play until the standard error is this small, whatever --replicas; Ctrl-C ends it sooner."),
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Play a majority organization vote by vote and report its accuracy with its standard error."""
    from budgetsim.parameters import Organization
    from budgetsim.simulate import (
        Estimate,
        SequentialEstimate,
        simulate_organization,
        simulate_organization_until,
    )

    with _arguments():
        organization = Organization(fan_in=fan_in, depth=depth, fidelity=fidelity, correlation=correlation)
        with step("simulating") as progress:
            estimate: Estimate
            if standard_error is None:
                estimate = simulate_organization(
                    organization, probability, replicas=replicas, seed=seed, progress=progress
                )
            else:
                estimate = simulate_organization_until(
                    organization, probability, standard_error=standard_error, seed=seed, progress=progress
                )
    if as_json:
        interval = {}
        if isinstance(estimate, SequentialEstimate):
            interval = {
                "low": estimate.low,
                "high": estimate.high,
                "confidence": estimate.confidence,
                "ended": estimate.ended,
            }
        print(
            json.dumps(
                {
                    "value": estimate.value,
                    "standard_error": estimate.standard_error,
                    "draws": estimate.draws,
                    **interval,
                    "provenance": dict(estimate.provenance),
                },
                default=str,
            )
        )
    else:
        print(estimate)


@app.command()
def record(
    model: Annotated[str, typer.Option(help="Model name as the endpoint knows it.")],
    out: Annotated[Path, typer.Option(help="File to record to: .jsonl, .jsonl.gz or .jsonl.zst.")],
    tasks: Annotated[str | None, typer.Option(help="Built-in tasks, comma-separated, or `all`.")] = None,
    problems: Annotated[Path | None, typer.Option(help="Your own problems, JSON Lines, instead of --tasks.")] = None,
    examples: Annotated[Path | None, typer.Option(help="Solved examples for --problems.")] = None,
    strategies: Annotated[str, typer.Option(help="Strategies, comma-separated, or `all`.")] = "all",
    samples: Annotated[int, typer.Option(help="Samples per problem and strategy.")] = 10,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature.")] = 0.8,
    top_p: Annotated[float | None, typer.Option(help="Nucleus sampling.")] = 1.0,
    seed: Seed = 0,
    base_url: Annotated[str | None, typer.Option(help="The endpoint, up to and with /v1.")] = None,
    api: Annotated[Literal["completions", "chat"], typer.Option(help="Which endpoint to speak to.")] = "completions",
    extra_body: Annotated[str | None, typer.Option(help="Further request fields, a JSON object.")] = None,
    cap_field: Annotated[
        Literal["max_tokens", "max_completion_tokens"], typer.Option(help="How the endpoint calls the token cap.")
    ] = "max_tokens",
    max_tokens: Annotated[int, typer.Option(help="Token cap for --problems.")] = 64,
    steps_max_tokens: Annotated[int | None, typer.Option(help="Token cap of steps_N for --problems.")] = None,
    first: Annotated[int | None, typer.Option(min=1, help="Only so many problems of each task.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for one answer.")] = 120.0,
    max_retries: Annotated[int, typer.Option(min=0, help="Retries of a failed request, with back-off.")] = 5,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests under way at once.")] = 2,
    keep_completions: Annotated[bool, typer.Option(help="Keep the whole text of every answer.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start again instead of resuming.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record graded samples of a model behind any OpenAI-compatible endpoint; the key comes from OPENAI_API_KEY."""
    from budgetsim.report.recording import Recording, record_runs

    recording = Recording(
        model=model,
        out=out,
        tasks=tasks,
        problems=problems,
        examples=examples,
        strategies=strategies,
        samples=samples,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        base_url=base_url,
        api=api,
        extra_body=extra_body,
        cap_field=cap_field,
        max_tokens=max_tokens,
        steps_max_tokens=steps_max_tokens,
        first=first,
        timeout=timeout,
        max_retries=max_retries,
        concurrency=concurrency,
        keep_completions=keep_completions,
        fresh=fresh,
    )
    with _arguments():
        summary = record_runs(recording, step)
    if as_json:
        print(json.dumps(summary))
    else:
        print(f"{summary['recorded']} samples recorded, {summary['kept']} kept from before: {summary['out']}")


@app.command()
def reproduce(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A system; none to list them.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer draws for what is simulated.")] = False,
    analytical: Annotated[bool, typer.Option("--analytical", help="Only what needs no draws.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for claims.json and figures.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """A system of the literature: every claim it makes beside what comes out here, and the verdict."""
    from budgetsim.reproduce import registry
    from budgetsim.reproduce.tables import plain, to_json

    if name is None:
        print(json.dumps(registry.systems()) if as_json else "\n".join(registry.systems()))
        return
    registry.check_name(name)
    with step(f"recomputing the claims of {name}") as progress:
        claims = registry.reproduce(name, analytical=analytical, quick=quick, seed=seed, progress=progress)
    if out is not None:
        from budgetsim.report.files import make_folder

        make_folder(out)
        say(f"written to {out}: {', '.join(path.name for path in registry.write(name, claims, out))}")
    print(to_json(claims).rstrip() if as_json else plain(claims))


@app.callback(invoke_without_command=True)
def _about(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"budgetsim {__version__}")
        raise typer.Exit


class _arguments:  # noqa: N801 - reads as a statement
    """Arguments outside a formula's domain are the user's to mend: status 2, one line."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ValueError) and not isinstance(error, InputError):
            raise InputError(str(error)) from error


def _costs(message_tokens: float, fidelity: float, correlation: float, window: float | None, votes: int) -> Costs:
    from budgetsim.planning import Costs

    with _arguments():
        return Costs(
            message_tokens=message_tokens,
            fidelity=fidelity,
            correlation=correlation,
            window=window,
            max_votes=votes,
        )


def _paths(runs: list[Path] | None, bundled: bool) -> list[Path]:
    if bundled:
        from budgetsim.data import bundled_runs

        return [*(runs or []), bundled_runs()]
    if not runs:
        raise InputError("no run files given; name some, or use --bundled")
    return runs


def _read(runs: list[Path] | None, bundled: bool, strict: bool, out: Path | None) -> Runs:
    from budgetsim.report.files import make_folder, read_runs

    paths = _paths(runs, bundled)
    rejects = Path("rejects.jsonl") if out is None else out.with_name(f"{out.stem}.rejects.jsonl")
    if out is not None:
        make_folder(out.parent)
    with step("reading runs") as progress:
        found = read_runs(paths, rejects, strict=strict, progress=progress)
    if len(found.rejects):
        say(f"rows set aside in {rejects}: {found.rejects.summary()}")
    return found


def _calibration(
    runs: list[Path] | None,
    bundled: bool,
    tokens_per_sample: float | None,
    seed: int,
    strict: bool,
    out: Path | None,
) -> Calibration:
    from budgetsim.calibrate import calibrate as run_calibration
    from budgetsim.calibrate import with_tokens

    table = with_tokens(_read(runs, bundled, strict, out).table, tokens_per_sample)
    with step("calibrating"):
        return run_calibration(table, seed=seed)


def _read_calibration(path: Path) -> Calibration:
    from budgetsim.calibrate import Calibration

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"not JSON: {error}", file=path, line=line) from error
    return Calibration.from_dict(document, file=str(path))


def _write(out: Path | None, document: object, as_json: bool) -> bool:
    """Write to a file, print as JSON, or both; whether standard output is taken."""
    if out is not None:
        from budgetsim.report.files import make_folder, write_json

        make_folder(out.parent)
        write_json(out, document)
        say(f"written to {out}")
    if as_json:
        print(json.dumps(document, allow_nan=False, default=str))
    return as_json


def _command() -> str:
    return shlex.join(["budgetsim", *sys.argv[1:]])


def guarded(job: Callable[[], None]) -> int:
    """Run a job and turn how it ends into an exit status and, where needed, one clear line."""
    try:
        job()
    except InputError as error:
        say(f"error: {error}")
        return 2
    except JobError as error:
        say(f"failed: {error}")
        return 1
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - keeps the interpreter's last flush quiet
        return 1
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as leaving:
        if leaving.code == 130:
            _interrupted()
        return leaving.code if isinstance(leaving.code, int) else 1
    except Exception as error:
        if os.environ.get("BUDGETSIM_DEBUG"):
            raise
        say(f"failed: {type(error).__name__}: {error} (set BUDGETSIM_DEBUG=1 for details)")
        return 1
    return 0


def _interrupted() -> NoReturn:
    """Leave at once: threads of numerical libraries may crash when they are torn down in the middle of their work."""
    say("interrupted")
    os._exit(1)


def main() -> None:
    """Entry point of the ``budgetsim`` command."""
    sys.exit(guarded(app))


if __name__ == "__main__":
    main()
