"""One model behind an OpenAI-compatible endpoint: a local server or a hosted one.

Everything on the wire is the maintained ``openai`` client's business: retries with exponential back-off (for lost
connections, time-outs and the statuses 408, 409, 429 and 5xx), time-outs, pooling. It comes with the extra
``budgetsim[live]`` and is imported when a client is made.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from budgetsim.errors import InputError, JobError

Api = Literal["completions", "chat"]

#: Extra request fields that make a llama.cpp server draw from the model's own distribution at the asked temperature
#: (by default it also cuts to the top 40 tokens, drops improbable ones and penalizes repetition).
LLAMA_CPP_PLAIN: Mapping[str, float] = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}


class RequestError(JobError):
    """One request failed for good, after the client's retries; others may succeed.

    The message is the cause in a few words, never the server's own: what it sends back may hold the key.
    """


class EndpointError(JobError):
    """No request to this endpoint can succeed: wrong address, key or model name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model answers and how it is asked.

    Parameters
    ----------
    model
        Name the server knows the model by.
    base_url
        Address of the API, for instance ``http://127.0.0.1:8000/v1``; None is the client's own default.
    api
        ``completions`` sends text to be continued, ``chat`` sends turns.
    api_key
        Secret; None takes the environment variable ``OPENAI_API_KEY``, and a placeholder when that is not set (local
        servers need none). It is never written or shown.
    timeout
        Seconds after which a request counts as lost, above 0.
    max_retries
        Further attempts of a request, 0 or more.
    cap_field
        Name of the request's cap on completion tokens; some hosted chat models know only ``max_completion_tokens``.
    """

    model: str
    base_url: str | None = None
    api: Api = "completions"
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    max_retries: int = 5
    cap_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"

    def __post_init__(self) -> None:
        if not self.model:
            raise InputError("expected the name of a model, found nothing", field="model")
        if self.api not in ("completions", "chat"):
            raise InputError(f"expected completions or chat, found {self.api!r}", field="api")
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise InputError(f"expected an address that starts with http, found {self.base_url!r}", field="base_url")
        if self.timeout <= 0:
            raise InputError(f"expected seconds above 0, found {self.timeout}", field="timeout")
        if self.max_retries < 0:
            raise InputError(f"expected 0 or more, found {self.max_retries}", field="max_retries")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One completion. Token counts are the server's, None when it gave none.

    ``prompt_tokens`` include tokens read from a cache, ``completion_tokens`` include hidden reasoning.
    """

    text: str
    finish_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None


class Client:
    """An open connection to an endpoint; use it with ``async with``.

    Raises
    ------
    JobError
        If the ``openai`` package is not installed.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        openai = _import_openai()
        self.endpoint = endpoint
        self._openai = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or os.environ.get("OPENAI_API_KEY") or "none",
            timeout=endpoint.timeout,
            max_retries=endpoint.max_retries,
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._openai.close()

    async def ask(
        self,
        turns: Sequence[tuple[str, str]],
        *,
        max_tokens: int,
        temperature: float | None,
        top_p: float | None = None,
        stop: Sequence[str] = (),
        seed: int | None = None,
        extra_body: Mapping[str, object] | None = None,
    ) -> Reply:
        """Send one request and wait for its completion.

        Parameters
        ----------
        turns
            (role, content) pairs; a completions endpoint is sent the contents as one text.
        max_tokens
            Cap on completion tokens.
        temperature, top_p, stop, seed
            Sampler settings; None or empty leaves them to the server.
        extra_body
            Further fields of the request, such as `LLAMA_CPP_PLAIN`.

        Raises
        ------
        RequestError
            If this request failed for good.
        EndpointError
            If no request can succeed.
        """
        openai = _import_openai()
        chat = self.endpoint.api == "chat"
        body: dict[str, object] = {"model": self.endpoint.model, self.endpoint.cap_field: max_tokens}
        if chat:
            body["messages"] = [{"role": role, "content": content} for role, content in turns]
        else:
            body["prompt"] = "".join(content for _, content in turns)
        settings = {"temperature": temperature, "top_p": top_p, "stop": list(stop) or None, "seed": seed}
        body |= {name: value for name, value in settings.items() if value is not None}
        body |= extra_body or {}
        try:
            if chat:
                response: object = await self._openai.post(
                    "/chat/completions", cast_to=openai.types.chat.ChatCompletion, body=body
                )
            else:
                response = await self._openai.post("/completions", cast_to=openai.types.Completion, body=body)
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise EndpointError(f"the endpoint refused: HTTP {error.status_code}") from None
        except openai.APIStatusError as error:
            raise RequestError(f"HTTP {error.status_code}") from None
        except openai.APITimeoutError:
            raise RequestError("no answer in time") from None
        except openai.APIConnectionError as error:
            raise RequestError(_lost(error)) from None
        except (openai.APIResponseValidationError, ValueError):
            raise RequestError(_NO_JSON) from None
        except openai.OpenAIError as error:
            raise RequestError(type(error).__name__) from None
        return _reply(response)


class _Lenient(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Usage(_Lenient):
    prompt_tokens: NonNegativeInt | None = None
    completion_tokens: NonNegativeInt | None = None
    total_tokens: NonNegativeInt | None = None


class _Message(_Lenient):
    content: str | None = None


class _Choice(_Lenient):
    text: str | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Response(_Lenient):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


_NO_JSON = "the answer was not JSON"


def _lost(error: BaseException) -> str:
    """Why there was no connection, in words of our own: those of the client may repeat what was sent."""
    known: tuple[tuple[type[BaseException], str], ...] = (
        (ConnectionRefusedError, "connection refused"),
        (socket.gaierror, "no such host"),
        (ssl.SSLError, "no secure connection"),
    )
    link: BaseException | None = error
    while link is not None:
        for kind, words in known:
            if isinstance(link, kind):
                return words
        link = link.__cause__ or link.__context__
    return "connection lost"


def _reply(response: object) -> Reply:
    if isinstance(response, str | bytes):
        raise RequestError(_NO_JSON)  # the client hands on what is not declared as JSON
    try:
        read = _Response.model_validate(response)
    except ValidationError as error:
        absent = any(fault["loc"] == ("choices",) for fault in error.errors())
        raise RequestError("no choices in the answer" if absent else "the answer is not a completion") from None
    choice, usage = read.choices[0], read.usage or _Usage()
    text = choice.message.content if choice.message is not None else choice.text
    prompt, completion, total = usage.prompt_tokens, usage.completion_tokens, usage.total_tokens
    if prompt is not None and completion is not None and total is not None:
        # Some servers count hidden reasoning in the total alone.
        completion = max(completion, total - prompt)
    return Reply(
        text=text or "", finish_reason=choice.finish_reason, prompt_tokens=prompt, completion_tokens=completion
    )


def _import_openai() -> ModuleType:
    try:
        import openai
    except ImportError:
        raise JobError("recording needs the openai client: pip install 'budgetsim[live]'") from None
    return openai
