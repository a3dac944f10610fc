"""Text frames in, events out; subscriptions in, text frames out. Nothing else knows how a frame is written.

A frame of the venue is `{"data":{...},"stream":"..."}`, data first, or an error
`{"id":null,"error":{"code":...,"message":"..."}}` that names no stream. There are no acknowledgements.
Source: Backpack OpenAPI, tag Streams; the order of the members from captured frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

__all__ = [
    "Delta",
    "ExactDelta",
    "Refusal",
    "Unreadable",
    "data_frame",
    "delta_of",
    "exact_delta_of",
    "payload_of",
    "read_frame",
    "stream_of",
    "subscribe_frame",
    "unsubscribe_frame",
]

Signature = Sequence[str]
"""Public key, signature, time and window, as the venue wants them in a SUBSCRIBE frame."""


# The decoder refuses what is no figure of a market, for a third of what a look at each would cost: "NaN",
# "inf" and "1e400" are floats to it as well. The year 2100 is the last in which a book may change.
Update = Annotated[int, Meta(ge=0)]
Moment = Annotated[int, Meta(ge=0, le=4_102_444_800_000_000)]
Price = Annotated[float, Meta(ge=0, le=1e30)]
Size = Annotated[float, Meta(ge=0, le=1e30)]


class Delta(msgspec.Struct, frozen=True, gc=False):
    """One change of a book: absolute sizes at prices, zero deletes. The names are the venue's."""

    U: Update
    u: Update
    a: list[tuple[Price, Size]]
    b: list[tuple[Price, Size]]
    T: Moment


class ExactDelta(msgspec.Struct, frozen=True, gc=False):
    """The same with the venue's own digits, for books of `str` or `Decimal`."""

    U: Update
    u: Update
    a: list[tuple[str, str]]
    b: list[tuple[str, str]]
    T: Moment


class Refusal(msgspec.Struct, frozen=True):
    """An error frame: something that was asked for is refused, which one it does not say."""

    code: int
    message: str = ""


class Unreadable(msgspec.Struct, frozen=True):
    """A frame that is neither data nor an error we know how to read."""

    text: str


class _DepthFrame(msgspec.Struct, frozen=True, gc=False):
    data: Delta


class _ExactDepthFrame(msgspec.Struct, frozen=True, gc=False):
    data: ExactDelta


class _DataFrame(msgspec.Struct, frozen=True):
    data: dict[str, Any]


class _AnyFrame(msgspec.Struct, frozen=True):
    stream: str | None = None
    error: Refusal | None = None


# Decimal text becomes floats in the decoder (`strict=False`), correctly rounded: ccxt's books hold numbers,
# and levels are keyed by number because REST writes "86700" where the stream writes "86700.0".
_decode_depth = msgspec.json.Decoder(_DepthFrame, strict=False).decode
_decode_exact_depth = msgspec.json.Decoder(_ExactDepthFrame).decode
_decode_data = msgspec.json.Decoder(_DataFrame).decode
_decode_any = msgspec.json.Decoder(_AnyFrame).decode

_NAME: Final = '"stream":"'
_NAME_LENGTH: Final = len(_NAME)


def stream_of(text: str) -> str:
    """The stream's name, cut from the end of a frame without decoding it.

    Of a frame that is written in another way it gives something that is no stream's name; `read_frame` then
    finds out what it is.
    """
    return text[text.rfind(_NAME) + _NAME_LENGTH : -2]


def delta_of(text: str) -> Delta:
    """The delta in a frame of a depth stream."""
    return _decode_depth(text).data


def exact_delta_of(text: str) -> ExactDelta:
    """The same, with the venue's own digits."""
    return _decode_exact_depth(text).data


data_frame = _decode_data
"""A data frame as a structure whose `data` is the payload: where frames come by the thousand, a call less."""


def payload_of(text: str) -> dict[str, Any]:
    """The venue's payload in a data frame."""
    return _decode_data(text).data


def read_frame(text: str) -> str | Refusal | Unreadable:
    """What any frame is: the name of its stream, a refusal, or something unreadable. Slow and sure."""
    try:
        frame = _decode_any(text)
    except msgspec.DecodeError:
        return Unreadable(text)
    if frame.error is not None:
        return frame.error
    return frame.stream if frame.stream is not None else Unreadable(text)


def subscribe_frame(streams: Sequence[str], signature: Signature | None = None) -> str:
    """The frame that asks for these streams; private ones need the signature."""
    frame: dict[str, Any] = {"method": "SUBSCRIBE", "params": list(streams)}
    if signature is not None:
        frame["signature"] = list(signature)
    return msgspec.json.encode(frame).decode()


def unsubscribe_frame(streams: Sequence[str]) -> str:
    """The frame that ends these streams. It is never signed."""
    return msgspec.json.encode({"method": "UNSUBSCRIBE", "params": list(streams)}).decode()
