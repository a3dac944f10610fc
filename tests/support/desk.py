"""A sandbox without a socket: requests go in as values, answers come out as values."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from nacl.signing import SigningKey

from bpx_connector.sandbox.clock import DrivenClock
from bpx_connector.sandbox.http import answering as rest
from bpx_connector.sandbox.http.answers import Answer
from bpx_connector.sandbox.http.budgets import Budgets
from bpx_connector.sandbox.http.schema import operation_for
from bpx_connector.sandbox.server import Sandbox

__all__ = ["Client", "LocalDesk"]


class LocalDesk:
    """A seeded sandbox on a driven clock, its traders at work unless `speed` is 0."""

    def __init__(
        self, *, symbols: Iterable[str] | None = None, budgets: Budgets | None = None, **options: Any
    ) -> None:
        self.clock = DrivenClock()
        # What is withdrawn here goes anywhere, but for the tests of where it may go.
        switches = {"withdraw_to": "any", **options.pop("switches", {})}
        self.sandbox = Sandbox(clock=self.clock, symbols=symbols, switches=switches, **options)
        self.sandbox.open_trading()
        self.budgets = budgets

    @property
    def venue(self) -> Any:
        """The exchange."""
        return self.sandbox.venue

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | Iterable[tuple[str, str]] = (),
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a request."""
        pairs = query.items() if isinstance(query, Mapping) else query
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        request = rest.Request(
            method, path, [(key, str(value)) for key, value in pairs], given, raw, "127.0.0.1"
        )
        return rest.answer(self.sandbox.context, request, self.budgets)

    def get(self, path: str, **query: Any) -> Any:
        """The body of a public GET that succeeds."""
        answer = self.ask("GET", path, query)
        assert answer.status == 200, answer.body
        return answer.body

    def client(self, number: int = 0) -> Client:
        """Somebody with a key of their own."""
        return Client(self, SigningKey(bytes([number]) * 32))


class Client:
    """One signer, by the venue's text: neither the connector's signer nor the sandbox's reading of it."""

    def __init__(self, desk: LocalDesk, key: SigningKey) -> None:
        self.desk = desk
        self.key = key
        self.api_key = base64.b64encode(bytes(key.verify_key)).decode()

    def headers(self, instruction: str, payloads: list[Mapping[str, Any]], **changes: str) -> dict[str, str]:
        """The four headers."""
        timestamp = changes.get("timestamp", str(self.desk.clock.now() // 1000))
        window = changes.get("window", "5000")
        parts = []
        for payload in payloads or [{}]:
            texts = {name: _text(value) for name, value in payload.items()}
            parts.append(
                "&".join([f"instruction={instruction}", *(f"{name}={texts[name]}" for name in sorted(texts))])
            )
        text = "&".join([*parts, f"timestamp={timestamp}", f"window={window}"])
        signature = base64.b64encode(self.key.sign(text.encode()).signature).decode()
        return {
            "X-API-Key": self.api_key,
            "X-Signature": signature,
            "X-Timestamp": timestamp,
            "X-Window": window,
        }

    def ask(self, method: str, path: str, *, body: Any = None, **query: Any) -> Answer:
        """The answer to a signed request."""
        instruction = operation_for(method, path).instruction
        assert instruction is not None, f"{method} {path} is not signed"
        payloads = body if isinstance(body, list) else [query if body is None else body]
        return self.desk.ask(method, path, query, body=body, headers=self.headers(instruction, payloads))

    def done(self, method: str, path: str, *, body: Any = None, **query: Any) -> Any:
        """The body of a signed request that succeeds."""
        answer = self.ask(method, path, body=body, **query)
        assert answer.status == 200, answer.body
        return answer.body

    def order(self, symbol: str, side: str, **fields: Any) -> Any:
        """An order placed: limit if it has a price, else market."""
        kind = "Limit" if "price" in fields else "Market"
        return self.done(
            "POST", "/api/v1/order", body={"symbol": symbol, "side": side, "orderType": kind, **fields}
        )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
