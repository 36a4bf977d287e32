"""Requests: their token and their JSON, parsed strictly and with limits."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from hmix_hub.suite.server.replies import DisconnectedError, Refusal

MOST_BYTES = 64 * 1024
"""Maximum bytes of a body."""
BODY_SECONDS = 30.0
"""Time limit for receiving a body."""
DEEPEST = 8
"""Maximum nesting depth of lists and objects."""

_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]{43})", re.IGNORECASE | re.ASCII)


class Sent(BaseModel):
    """A request body, with exactly these fields and types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


S = TypeVar("S", bound=BaseModel)


class MalformedError(Exception):
    """A body that is not the expected JSON; the message says why."""


def token_hash(request: Request) -> bytes:
    """Return the SHA-256 of the request's token, which is not stored.

    Raises
    ------
    Refusal
        401, if there is no valid token.
    """
    token = bearer_token(request)
    if token is None:
        wanted = {"WWW-Authenticate": "Bearer"}
        raise Refusal(401, "unknown_session", "The request names no session.", headers=wanted)
    return hashlib.sha256(token.encode()).digest()


def bearer_token(request: Request) -> str | None:
    """Return the request's token, 43 characters; `None` if there is not exactly one in this form."""
    given = request.headers.getlist("authorization")
    found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
    return None if found is None else found[1]


async def read_body(request: Request) -> bytes:
    """Read a JSON body, up to the size limit.

    Raises
    ------
    Refusal
        415 for another content type; 413 if it is too large; 408 if it does not arrive in time.
    """
    kind = request.headers.get("content-type", "").lower().replace(" ", "")
    if kind not in {"application/json", "application/json;charset=utf-8"}:
        raise Refusal(415, "not_json", "The body must be application/json.")
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit() or len(declared) > 9 or int(declared) > MOST_BYTES:
        _refuse_size()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise DisconnectedError
                body += message.get("body", b"")
                if len(body) > MOST_BYTES:
                    _refuse_size()
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Refusal(408, "too_slow", "The body did not arrive in time.", headers={"Connection": "close"}) from None


def _refuse_size() -> NoReturn:
    raise Refusal(413, "too_large", f"The body is larger than {MOST_BYTES} bytes.", headers={"Connection": "close"})


def parse_json(body: bytes) -> Any:
    """Parse JSON strictly: UTF-8, no duplicate keys, no NaN or infinity, limited depth.

    Raises
    ------
    MalformedError
        If it is not.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        _refuse_json("the body is not UTF-8")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_finite)
        too_deep = _depth_exceeds(value, DEEPEST)
    except MalformedError:
        raise
    except (ValueError, RecursionError):
        _refuse_json("the body is not JSON")
    if too_deep:
        _refuse_json("the body is nested too deeply")
    return value


async def read_sent(request: Request, model: type[S]) -> S:
    """Read a JSON object as a model.

    Raises
    ------
    Refusal
        400, if it does not match; and as in `read_body`.
    """
    try:
        value = parse_json(await read_body(request))
    except MalformedError as error:
        fault = str(error)
        raise Refusal(400, "malformed", f"{fault[0].upper()}{fault[1:]}.") from None
    if not isinstance(value, dict):
        raise Refusal(400, "malformed", "The body is not an object.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refusal(400, "malformed", _said(error, model)) from None


def _said(error: ValidationError, model: type[BaseModel]) -> str:
    """Return what is wrong, quoting nothing that was sent."""
    problems = error.errors(include_url=False, include_input=False)
    if any(problem["type"] == "extra_forbidden" for problem in problems):
        return f"The body has fields other than {', '.join(model.model_fields) or 'none'}."
    return f"{problems[0]['loc'][0]} is missing or of the wrong type."


def _refuse_json(fault: str) -> NoReturn:
    raise MalformedError(fault) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse_json("a key occurs twice")
    return found


def _no_number(_name: str) -> NoReturn:
    _refuse_json("a number is not finite")


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        _no_number(text)
    return number


def _depth_exceeds(value: Any, most: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    if most == 0:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_depth_exceeds(part, most - 1) for part in inner)
