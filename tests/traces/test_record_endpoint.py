"""Recording against a small OpenAI-compatible server of the test's own, which fails in every way servers do."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from budgetsim.errors import InputError, JobError
from budgetsim.traces import live, read
from budgetsim.traces.calls import sample_seed
from budgetsim.traces.live import LLAMA_CPP_PLAIN, Client, Endpoint, EndpointError, Reply, RequestError
from budgetsim.traces.record import PATIENCE, RecordSummary, Sampling, record
from budgetsim.traces.tasks import Example, Grader, Problem, Strategy, Task

KEY = "sk-test-5up3rs3cr3t"
STRATEGIES = (Strategy(name="shots_0", shots=0, max_tokens=7), Strategy(name="shots_2", shots=2, max_tokens=7))
ADDITION = Task(
    name="addition",
    problems=tuple(Problem(problem_id=f"p{a}", prompt=f"{a} + 1 =", gold=str(a + 1)) for a in range(10, 15)),
    examples=tuple(Example(prompt=f"{a} + 2 =", answer=str(a + 2)) for a in range(20, 23)),
    grader=Grader("number"),
    strategies=STRATEGIES,
)
# Two thirds of the answers are right; which ones follows from the seed, so a test can say it in advance.
OFF_BY = (0, 0, 5)


class FakeModel(ThreadingHTTPServer):
    """Adds one to the asked number, give or take what the seed says; ``trouble`` may answer in its place."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, object]] = []
        self.keys: list[str] = []
        self.trouble: Callable[[int, _Handler], bool] = lambda _number, _handler: False
        self.seconds = 0.0
        self.usage: dict[str, object] | None = {}
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: object) -> None:
        """Clients that gave up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeModel
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        model = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with model.lock:
            model.requests.append({"path": self.path, **body})
            model.keys.append(self.headers["Authorization"])
            number = len(model.requests)
            model.in_flight += 1
            model.most_in_flight = max(model.most_in_flight, model.in_flight)
        try:
            time.sleep(model.seconds)
            if not model.trouble(number, self):
                self.complete(body)
        finally:
            with model.lock:
                model.in_flight -= 1

    def complete(self, body: dict[str, object]) -> None:
        chat = "messages" in body
        text = body["messages"][-1]["content"] if chat else body["prompt"]
        asked = int(text.split("\n")[-1].split()[0])
        answer = f" {asked + 1 + OFF_BY[body.get('seed', 0) % 3]}"
        said = {"message": {"role": "assistant", "content": answer}} if chat else {"text": answer}
        reply: dict[str, object] = {"object": "x", "choices": [{"index": 0, "finish_reason": "stop", **said}]}
        if self.server.usage is not None:
            words = len(text.split())
            counts = {"prompt_tokens": words, "completion_tokens": 3, "total_tokens": words + 3}
            reply["usage"] = counts | self.server.usage
        self.send(200, json.dumps(reply))

    def send(self, status: int, text: str, kind: str = "application/json") -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(data)

    def drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def model() -> Iterator[FakeModel]:
    server = FakeModel()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def endpoint(model: FakeModel, **settings: object) -> Endpoint:
    return Endpoint(**{"model": "fake", "base_url": model.url, "api_key": KEY, "max_retries": 3, **settings})


def ask(model: FakeModel, **settings: object) -> Reply:
    async def one() -> Reply:
        async with Client(endpoint(model, **settings)) as client:
            return await client.ask([("user", "4 + 1 =")], max_tokens=5, temperature=0.5, seed=0)

    return asyncio.run(one())


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(model: FakeModel, out: Path, *, samples: int = 4, seed: int = 3, **settings: object) -> RecordSummary:
    tasks = settings.pop("tasks", [ADDITION])
    sampling = Sampling(samples=samples, temperature=0.8, seed=seed, extra_body=LLAMA_CPP_PLAIN)
    return record(tasks, endpoint=endpoint(model), sampling=sampling, out=out, **settings)


# --- one request ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_passing_failures_are_retried(model: FakeModel, status: int) -> None:
    model.trouble = lambda number, handler: number <= 3 and (handler.send(status, "{}") or True)
    assert ask(model).text == " 5"
    assert len(model.requests) == 4


def test_a_dropped_connection_is_retried(model: FakeModel) -> None:
    model.trouble = lambda number, handler: number == 1 and (handler.drop() or True)
    assert ask(model).text == " 5"
    assert len(model.requests) == 2


def test_a_silent_server_is_given_up_and_asked_again(model: FakeModel) -> None:
    model.trouble = lambda number, _: number == 1 and (time.sleep(1.0) or False)
    assert ask(model, timeout=0.2).text == " 5"
    assert len(model.requests) == 2


def test_a_lasting_failure_ends_after_the_retries(model: FakeModel) -> None:
    model.trouble = lambda _, handler: handler.send(500, f'{{"error": "{KEY}"}}') or True
    with pytest.raises(RequestError, match=r"^HTTP 500$") as error:
        ask(model)
    assert len(model.requests) == 4
    assert KEY not in str(error.value)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_final_at_once_and_keeps_the_key(model: FakeModel, status: int) -> None:
    model.trouble = lambda _, handler: handler.send(status, f'{{"error": {{"message": "bad key {KEY}"}}}}') or True
    with pytest.raises(EndpointError, match=f"HTTP {status}") as error:
        ask(model)
    assert len(model.requests) == 1
    assert KEY not in str(error.value)


@pytest.mark.parametrize(
    ("text", "kind", "cause"),
    [
        ("{not json", "application/json", "the answer was not JSON"),
        ("[]", "application/json", "the answer is not a completion"),
        ('{"choices": []}', "application/json", "no choices in the answer"),
        ('{"object": "list"}', "application/json", "no choices in the answer"),
        (
            '{"choices": [{"text": " 5"}], "usage": {"prompt_tokens": "many"}}',
            "application/json",
            "the answer is not a completion",
        ),
        (
            '{"choices": [{"text": " 5"}], "usage": {"prompt_tokens": -1}}',
            "application/json",
            "the answer is not a completion",
        ),
        ("<html>gateway</html>", "text/html", "the answer was not JSON"),
    ],
)
def test_garbage_is_a_failed_request(model: FakeModel, text: str, kind: str, cause: str) -> None:
    model.trouble = lambda _, handler: handler.send(200, text, kind) or True
    with pytest.raises(RequestError, match=f"^{cause}$"):
        ask(model)


def test_lost_and_late_answers_are_told_apart(model: FakeModel) -> None:
    model.trouble = lambda _, handler: handler.drop() or True
    with pytest.raises(RequestError, match=r"^connection lost$"):
        ask(model, max_retries=0)
    model.trouble = lambda *_: time.sleep(0.5) or False
    with pytest.raises(RequestError, match=r"^no answer in time$"):
        ask(model, max_retries=0, timeout=0.1)
    # Names under .invalid never resolve (RFC 6761).
    with pytest.raises(RequestError, match=r"^no such host$"):
        ask(model, max_retries=0, base_url="http://model.invalid/v1")


def test_usage_is_the_servers_or_unknown(model: FakeModel) -> None:
    # The fake model counts words, and 4 + 1 = has four.
    assert ask(model) == Reply(text=" 5", finish_reason="stop", prompt_tokens=4, completion_tokens=3)
    # Cached tokens are part of the prompt already; reasoning may be missing from the completion but not from the total.
    model.usage = {"prompt_tokens_details": {"cached_tokens": 2}}
    assert ask(model).prompt_tokens == 4
    model.usage = {"total_tokens": 47, "completion_tokens_details": {"reasoning_tokens": 40}}
    assert ask(model).completion_tokens == 43
    model.usage = {"completion_tokens": 43, "total_tokens": 47, "completion_tokens_details": {"reasoning_tokens": 40}}
    assert ask(model).completion_tokens == 43
    model.usage = None
    reply = ask(model)
    assert (reply.prompt_tokens, reply.completion_tokens) == (None, None)


def test_both_apis_send_what_was_asked(model: FakeModel) -> None:
    async def both() -> None:
        turns = [("user", "1 + 1 ="), ("assistant", "2"), ("user", "4 + 1 =")]
        async with Client(endpoint(model, api="chat", cap_field="max_completion_tokens")) as client:
            await client.ask(turns, max_tokens=5, temperature=None, stop=["."], seed=7, extra_body={"top_k": 0})
        async with Client(endpoint(model)) as client:
            await client.ask([("user", "4 + 1 =")], max_tokens=5, temperature=0.5, top_p=1.0)

    asyncio.run(both())
    chat, text = model.requests
    roles = [(turn["role"], turn["content"]) for turn in chat.pop("messages")]
    assert roles == [("user", "1 + 1 ="), ("assistant", "2"), ("user", "4 + 1 =")]
    settings = {"model": "fake", "max_completion_tokens": 5, "stop": ["."], "seed": 7, "top_k": 0}
    assert chat == {"path": "/v1/chat/completions", **settings}
    settings = {"model": "fake", "prompt": "4 + 1 =", "max_tokens": 5, "temperature": 0.5, "top_p": 1.0}
    assert text == {"path": "/v1/completions", **settings}


def test_the_key_comes_from_argument_environment_or_is_a_placeholder(
    model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    ask(model)
    ask(model, api_key=None)
    monkeypatch.delenv("OPENAI_API_KEY")
    ask(model, api_key=None)
    assert model.keys == [f"Bearer {KEY}", "Bearer from-environment", "Bearer none"]


def test_without_the_client_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(JobError, match=r"pip install 'budgetsim\[live\]'"):
        Client(Endpoint(model="fake"))


def test_importing_does_not_need_the_client_package() -> None:
    code = "import sys; sys.modules['openai'] = None; import budgetsim.traces.record, budgetsim.traces.tasks"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "settings",
    [{"model": ""}, {"base_url": "localhost:8000"}, {"timeout": 0.0}, {"max_retries": -1}, {"api": "responses"}],
)
def test_wrong_endpoints_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(settings))):
        Endpoint(**{"model": "fake", **settings})


# --- a whole recording ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_rows_are_runs_and_graded(model: FakeModel, tmp_path: Path, suffix: str) -> None:
    done: list[tuple[int, int]] = []
    out = tmp_path / f"runs.{suffix}"
    summary = run(model, out, progress=lambda *counts: done.append(counts))
    assert summary.complete
    assert (summary.total, summary.recorded, summary.kept, summary.failed, summary.missing_usage) == (40, 40, 0, 0, 0)
    assert done == [(number, 40) for number in range(1, 41)]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    table = read(out, strict=True).table
    assert table.height == 40
    for row in table.iter_rows(named=True):
        extra = json.loads(row["extra"])
        number = int(row["problem_id"][1:])
        wrong = OFF_BY[extra["seed"] % 3]
        assert row["answer"] == str(number + 1 + wrong)
        assert (row["correct"], row["score"]) == (wrong == 0, float(wrong == 0))
        assert (row["gold"], row["task"], row["model"]) == (str(number + 1), "addition", "fake")
        # The fake model counts words: four in a question, five in an example.
        assert row["prompt_tokens"] == {"shots_0": 4, "shots_2": 2 * 5 + 4}[row["strategy"]]
        assert row["completion_tokens"] == 3
        assert row["budget"] == row["prompt_tokens"] + 7
        assert (row["n_calls"], row["temperature"], extra["finish_reason"]) == (1, 0.8, "stop")
        assert "completion" not in extra
    assert len({request["seed"] for request in model.requests}) == 40
    shown = "20 + 2 = 22\n21 + 2 = 23\n"
    assert {request["prompt"] for request in model.requests} == {
        before + problem.prompt for problem in ADDITION.problems for before in ("", shown)
    }
    settings = {"max_tokens": 7, "temperature": 0.8, "top_p": 1.0, "stop": ["\n"], **LLAMA_CPP_PLAIN}
    for request in model.requests:
        assert {name: request[name] for name in settings} == settings


def test_completions_are_kept_on_demand(model: FakeModel, tmp_path: Path) -> None:
    run(model, tmp_path / "runs.jsonl", samples=1, keep_completions=True)
    assert all(row["completion"] == f" {row['answer']}" for row in rows(tmp_path / "runs.jsonl"))


def test_missing_usage_is_null_and_counted(model: FakeModel, tmp_path: Path) -> None:
    model.usage = None
    summary = run(model, tmp_path / "runs.jsonl", samples=1)
    assert summary.missing_usage == summary.total == 10
    for row in rows(tmp_path / "runs.jsonl"):
        assert (row["prompt_tokens"], row["completion_tokens"], row["budget"]) == (None, None, None)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_more_requests_in_flight_than_asked(model: FakeModel, tmp_path: Path, concurrency: int) -> None:
    model.seconds = 0.02
    run(model, tmp_path / "runs.jsonl", samples=2, concurrency=concurrency)
    assert model.most_in_flight == concurrency


def test_the_same_seed_asks_the_same_and_another_seed_does_not(model: FakeModel, tmp_path: Path) -> None:
    for name, seed, concurrency in (("a", 3, 1), ("b", 3, 4), ("c", 4, 1)):
        run(model, tmp_path / f"{name}.jsonl", seed=seed, concurrency=concurrency)
    first, second, other = ((tmp_path / f"{name}.jsonl").read_bytes() for name in "abc")
    assert first == second
    seeds = [{row["seed"] for row in rows(tmp_path / f"{name}.jsonl")} for name in "ac"]
    assert not seeds[0] & seeds[1]
    assert first != other


def test_failed_requests_are_counted_left_out_and_asked_again(model: FakeModel, tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl"
    model.trouble = lambda number, handler: number % 5 == 0 and (handler.send(400, "{}") or True)
    summary = run(model, out, concurrency=1)
    assert not summary.complete
    assert (summary.recorded, summary.failed) == (32, 8)
    assert not out.exists()
    assert len(rows(summary.partial)) == 32
    model.trouble = lambda _number, _handler: False
    summary = run(model, out)
    assert summary.complete
    assert (summary.kept, summary.recorded) == (32, 8)
    assert len(model.requests) == 40 + 8
    run(model, tmp_path / "undisturbed.jsonl")
    assert out.read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()


def test_a_dead_endpoint_ends_the_job_and_keeps_the_answers(model: FakeModel, tmp_path: Path) -> None:
    model.trouble = lambda number, handler: number > 6 and (handler.send(400, "{}") or True)
    with pytest.raises(JobError, match=f"{PATIENCE} requests in a row failed.*6 of 40 answers kept.*resumes"):
        run(model, tmp_path / "runs.jsonl", concurrency=1)
    assert len(rows(tmp_path / "runs.jsonl.partial.jsonl")) == 6
    assert len(model.requests) == 6 + PATIENCE


def test_a_refusing_endpoint_ends_the_job_at_once(model: FakeModel, tmp_path: Path) -> None:
    model.trouble = lambda _, handler: handler.send(401, "{}") or True
    with pytest.raises(JobError, match="HTTP 401"):
        run(model, tmp_path / "runs.jsonl", concurrency=1)
    assert len(model.requests) == 1


def test_a_closed_port_ends_the_job(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    nowhere = Endpoint(model="fake", base_url=f"http://127.0.0.1:{port}/v1", max_retries=0)
    with pytest.raises(JobError, match=rf"in a row failed \(connection refused: {PATIENCE}\); no answers yet"):
        record([ADDITION], endpoint=nowhere, sampling=Sampling(samples=10), out=tmp_path / "runs.jsonl")
    assert not list(tmp_path.iterdir()), "no empty file stays"


def test_causes_are_counted_the_commonest_first_and_never_quoted(model: FakeModel, tmp_path: Path) -> None:
    answers = {1: (400, f'{{"error": {{"message": "bad key {KEY}"}}}}'), 2: (200, f"not JSON {KEY}")}
    answers |= {3: answers[2], 4: (200, f'{{"choices": [], "key": "{KEY}"}}')}
    model.trouble = lambda number, handler: number in answers and (handler.send(*answers[number]) or True)
    summary = run(model, tmp_path / "runs.jsonl", samples=1, concurrency=1)
    expected = [("the answer was not JSON", 2), ("HTTP 400", 1), ("no choices in the answer", 1)]
    assert list(summary.causes.items()) == expected
    assert (summary.failed, summary.recorded) == (4, 6)
    assert run(model, tmp_path / "runs.jsonl", samples=1).causes == {}


def test_a_recording_that_only_fails_leaves_no_file_and_names_the_cause(model: FakeModel, tmp_path: Path) -> None:
    model.trouble = lambda _, handler: handler.send(400, f'{{"error": "{KEY}"}}') or True
    summary = run(model, tmp_path / "runs.jsonl", samples=1)
    assert (summary.causes, summary.recorded, summary.complete) == ({"HTTP 400": 10}, 0, False)
    assert not list(tmp_path.iterdir())


def test_the_command_says_the_commonest_cause(model: FakeModel, tmp_path: Path) -> None:
    problems = tmp_path / "problems.jsonl"
    lines = [{"problem_id": str(a), "prompt": f"{a} + 1 =", "gold": str(a + 1)} for a in range(3)]
    problems.write_text("".join(json.dumps(line) + "\n" for line in lines))
    model.trouble = lambda number, handler: handler.send(200 if number == 1 else 400, f"not JSON {KEY}") or True
    command = [
        sys.executable,
        "-c",
        "from budgetsim.cli import main; main()",
        "record",
        "--model",
        "fake",
        "--base-url",
        model.url,
    ]
    options = ["--problems", problems, "--out", tmp_path / "runs.jsonl", "--samples", "1", "--max-retries", "0"]
    environment = os.environ | {"OPENAI_API_KEY": KEY}
    ended = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 1
    assert "3 requests failed (HTTP 400: 2); the same command asks for them again" in " ".join(ended.stderr.split())
    assert KEY not in ended.stdout + ended.stderr


def _elsewhere(model: FakeModel, out: Path) -> subprocess.Popen[str]:
    """The same recording in a process of its own."""
    code = f"""
        import sys
        from pathlib import Path
        from budgetsim.errors import JobError
        from budgetsim.traces.live import LLAMA_CPP_PLAIN, Endpoint
        from budgetsim.traces.record import Sampling, record
        from budgetsim.traces.tasks import Example, Grader, Problem, Strategy, Task
        task = {ADDITION!r}
        try:
            record(
                [task],
                endpoint=Endpoint(model="fake", base_url={model.url!r}),
                sampling=Sampling(samples=4, temperature=0.8, seed=3, extra_body=LLAMA_CPP_PLAIN),
                out=Path({str(out)!r}),
            )
        except JobError as error:
            sys.exit(str(error))
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stderr=subprocess.PIPE, text=True)


def _wait_for_rows(partial: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while not partial.exists() or partial.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline, "the recording never got going"
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="files are locked on POSIX systems")
def test_two_recordings_do_not_write_to_one_file(model: FakeModel, tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl"
    model.seconds = 0.1
    process = _elsewhere(model, out)
    _wait_for_rows(tmp_path / "runs.jsonl.partial.jsonl", 1)
    with pytest.raises(JobError, match="another recording is writing"):
        run(model, out)
    assert process.wait(timeout=60) == 0
    process.stderr.close()
    assert len(rows(out)) == len(model.requests) == 40


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_recording_resumes_to_the_same_file(model: FakeModel, tmp_path: Path, how: signal.Signals) -> None:
    out = tmp_path / "runs.jsonl"
    partial = tmp_path / "runs.jsonl.partial.jsonl"
    released = threading.Event()
    model.trouble = lambda number, _: number > 6 and not released.wait(60)
    process = _elsewhere(model, out)
    _wait_for_rows(partial, 6)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    released.set()
    if how == signal.SIGINT:
        assert process.returncode == 1
        assert "interrupted" in said
        assert "resumes" in said
    assert not out.exists()
    whole = partial.read_bytes()
    assert whole.count(b"\n") == 6
    # A kill may cut a row anywhere.
    partial.write_bytes(whole[: whole.rfind(b'"strategy"') + 4])
    asked = len(model.requests)
    model.trouble = lambda number, handler: number > asked + 3 and (handler.send(400, "{}") or True)
    with pytest.raises(JobError, match="in a row"):
        run(model, out, concurrency=1)
    assert len(rows(partial)) == 5 + 3  # all of them whole: the cut row is gone
    model.trouble = lambda _number, _handler: False
    asked = len(model.requests)
    summary = run(model, out)
    assert (summary.kept, summary.recorded) == (8, 32)
    assert len(model.requests) - asked == 32
    run(model, tmp_path / "undisturbed.jsonl")
    assert out.read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
    assert not partial.exists()


def test_a_finished_recording_grows_by_more_samples_and_asks_nothing_twice(model: FakeModel, tmp_path: Path) -> None:
    out = tmp_path / "runs.jsonl.zst"
    run(model, out, samples=2)
    before = out.read_bytes()
    assert run(model, out, samples=2).recorded == 0
    assert out.read_bytes() == before
    assert len(model.requests) == 20
    summary = run(model, out, samples=4)
    assert (summary.kept, summary.recorded) == (20, 20)
    run(model, tmp_path / "at_once.jsonl.zst", samples=4)
    assert out.read_bytes() == (tmp_path / "at_once.jsonl.zst").read_bytes()


@pytest.mark.parametrize("change", ["seed", "prompt", "gold", "settings", "samples"])
def test_recordings_are_never_mixed(model: FakeModel, tmp_path: Path, change: str) -> None:
    out = tmp_path / "runs.jsonl"
    run(model, out)
    before = out.read_bytes()
    first, *rest = ADDITION.problems
    other = {
        "prompt": Problem(problem_id=first.problem_id, prompt="10 + 1  =", gold=first.gold),
        "gold": Problem(problem_id=first.problem_id, prompt=first.prompt, gold="12"),
    }.get(change, first)
    shots = tuple(Strategy(name=one.name, shots=one.shots, max_tokens=9) for one in STRATEGIES)
    task = Task(
        name="addition",
        problems=(other, *rest),
        examples=ADDITION.examples,
        grader=ADDITION.grader,
        strategies=shots if change == "settings" else STRATEGIES,
    )
    settings = {"seed": {"seed": 5}, "samples": {"samples": 3}}.get(change, {})
    with pytest.raises(InputError, match="another recording") as error:
        run(model, out, tasks=[task], **settings)
    # With fewer samples the fourth row, a fourth sample, is the first one too many.
    assert error.value.line == (4 if change == "samples" else 1)
    assert out.read_bytes() == before
    assert run(model, out, tasks=[task], resume=False, **settings).kept == 0


def test_wrong_arguments_are_refused_before_the_first_request(model: FakeModel, tmp_path: Path) -> None:
    greedy = ADDITION.select(strategies=[Strategy(name="shots_9", shots=9, max_tokens=4)])
    for tasks, name, settings, message in [
        ([], "a.jsonl", {}, "different names"),
        ([ADDITION, ADDITION], "a.jsonl", {}, "different names"),
        ([greedy], "a.jsonl", {}, "shots_9 needs 9 examples, task addition has 3"),
        ([ADDITION], "a.csv", {}, "ends in"),
        ([ADDITION], "a.jsonl", {"concurrency": 0}, "concurrency"),
        ([ADDITION], "a.jsonl", {"samples": 0}, "samples"),
    ]:
        with pytest.raises(InputError, match=message):
            run(model, tmp_path / name, tasks=tasks, **settings)
    assert not model.requests


@pytest.mark.parametrize("settings", [{"temperature": -0.1}, {"temperature": float("nan")}, {"top_p": 0.0}])
def test_wrong_sampling_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(settings))):
        Sampling(**settings)


def test_a_damaged_partial_file_is_named(model: FakeModel, tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl.partial.jsonl").write_text("not a row\n")
    with pytest.raises(InputError, match=r"partial.jsonl, line 1.*JSON object"):
        run(model, tmp_path / "runs.jsonl")


def test_the_key_is_in_no_file_and_no_log(
    model: FakeModel,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    model.trouble = lambda number, handler: number in (3, 4) and (handler.send((500, 400)[number - 3], "{}") or True)
    summary = run(model, tmp_path / "runs.jsonl", samples=1, concurrency=1, keep_completions=True)
    assert summary.failed == 1
    assert model.keys[0] == f"Bearer {KEY}"
    assert caplog.records, "the client logs at this level, so the check below can fail"
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    shown = capfd.readouterr()
    for text in (*written, caplog.text, shown.out, shown.err, repr(summary), repr(endpoint(model)), str(os.environ)):
        assert KEY not in text


def test_seeds_are_pinned_and_differ() -> None:
    # Pinned: a recording resumes under the seeds it began with. The value is the hash of the text below, by hand.
    from hashlib import blake2b

    text = '[7, [["user", "2 + 2 ="]], "shots_0", 3]'
    expected = int(blake2b(text.encode(), digest_size=4).hexdigest(), 16) // 2
    assert sample_seed(7, turns=[("user", "2 + 2 =")], strategy="shots_0", sample_index=3) == expected
    seeds = {
        sample_seed(seed, turns=[("user", prompt)], strategy=strategy, sample_index=index)
        for seed in (0, 1)
        for prompt in ("a", "b")
        for strategy in ("shots_0", "shots_1")
        for index in range(10)
    }
    assert len(seeds) == 80
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_the_plain_sampler_switches_every_filter_off() -> None:
    assert live.LLAMA_CPP_PLAIN == {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
