"""What becomes of open orders when the caller goes: a dead man's switch, and cancelling on `close`.

The venue keeps no timer for its users, so the switch is kept here: see `bpx_connector.dead_man`, the process
that acts when this one cannot.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from ccxt.base.errors import BadRequest, BaseError, OperationFailed, OperationRejected, OrderNotFound

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.rest.guards.guarding import GuardedOrders
from bpx_connector.rest.trading.find import FoundOrders

__all__ = ["LeavingOrders"]

SWITCH = "bpx_connector.dead_man"
READY, FIRED = "ready", "fired"  # its words
PATIENCE = 30_000
"""Milliseconds for the switch to start and to prove that it can sign and reach the venue."""
LOOK_EVERY = 20
SHORTEST = 1000
"""Milliseconds: below that a pause of the machine would cancel everything."""

SETTINGS = (
    "apiKey",
    "secret",
    "urls",
    "timeout",
    "enableRateLimit",
    "headers",
    "httpProxy",
    "httpsProxy",
    "socksProxy",
    "proxyUrl",
)
"""What the switch has to know to speak to the same venue in the same way."""
OPTIONS = ("recvWindow", "timeDifference", "requestsPerMinute")


class Switch:
    """The other process, and the pipes to it."""

    def __init__(self, settings: Params) -> None:
        self._process = subprocess.Popen(  # noqa: S603  this interpreter, a module of ours
            [sys.executable, "-m", SWITCH],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for this process: the switch has to outlive it
        )
        self.first_words = ""
        self.has_fired = False
        """Whether it has begun to cancel."""
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self.tell(settings)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        self.first_words = self._process.stdout.readline().strip() or "it ended at once"
        self.has_fired = self._process.stdout.readline().strip() == FIRED

    @property
    def is_alive(self) -> bool:
        """Whether its process has not ended."""
        return self._process.poll() is None

    @property
    def number(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, words: Params) -> None:
        """One line to it. That it has ended meanwhile is found out by `is_alive`."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()

    def release(self) -> None:
        """Give back the pipes of a process that has ended."""
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()


class LeavingOrders(FoundOrders, GuardedOrders):
    """Orders that do not outlive their owner, if it is asked for."""

    _switch: Switch | None = None

    @flow
    def cancel_all_orders_after(self, timeout: int | None, params: Params = {}) -> Flow[Payload]:
        """Arm or renew a switch that cancels all orders `timeout` milliseconds from now; 0 disarms it.

        The venue has no such timer. The first call starts a process of its own, which proves by a signed
        read that it can act before this returns; each further call renews its deadline. It cancels when no
        renewal has come in time (this process hangs, or its event loop is blocked), and at once when this
        process ends in any way without `close()`. It then sweeps again until no order that was under way can
        arrive any more. `symbols` in `params`, given with the first call, limits it to
        those markets.

        It cannot act when the machine, its network or the venue fails, or when it is killed as well, as with
        a container that is stopped: then the orders stay. The answer says in `fired` whether it had cancelled
        since the last call; it is armed anew in any case, once nothing is open any more.
        """
        milliseconds = self._checked_timeout(timeout)
        before = self._switch
        has_fired = before is not None and (before.has_fired or not before.is_alive)
        if milliseconds == 0 or has_fired:
            yield from self._disarmed()
        if milliseconds and self._switch is None:
            self._switch = switch = Switch(self._settings_of_switch(milliseconds, params))
            yield from self._proved(switch)
        if self._switch is not None:  # anew: the time it took to start is not the caller's
            self._switch.tell({"timeout": milliseconds})
        process = None if self._switch is None else self._switch.number
        return {"timeout": milliseconds, "fired": has_fired, "process": process}

    def _checked_timeout(self, timeout: Any) -> int:
        is_whole = isinstance(timeout, int) and not isinstance(timeout, bool)
        if not is_whole or (timeout != 0 and timeout < SHORTEST):
            raise BadRequest(
                f"{self.id} cancelAllOrdersAfter() takes milliseconds, {SHORTEST} or more, or 0 to disarm: "
                f"not {timeout!r}"
            )
        return int(timeout)

    def _settings_of_switch(self, timeout: int, params: Params) -> Params:
        self.check_required_credentials()
        unknown = sorted(params.keys() - {"symbols"})
        if unknown:
            raise BadRequest(f"{self.id} cancelAllOrdersAfter() knows no {unknown}; it takes symbols")
        config = {name: getattr(self, name) for name in SETTINGS if getattr(self, name, None) is not None}
        config["options"] = {name: self.options[name] for name in OPTIONS if name in self.options}
        return {"config": config, "symbols": params.get("symbols"), "timeout": timeout + PATIENCE}

    def _proved(self, switch: Switch) -> Flow[None]:
        """Wait until the switch has said that it can act."""
        for _ in range(PATIENCE // LOOK_EVERY):
            if switch.first_words:
                break
            yield self.sleep(LOOK_EVERY)
        if switch.first_words != READY:
            yield from self._disarmed()
            reason = switch.first_words or f"it did not start within {PATIENCE / 1000:g} s"
            raise OperationRejected(f"{self.id} cancelAllOrdersAfter() has no switch: {reason}")

    def _disarmed(self) -> Flow[None]:
        """Wait until the switch has ended; one that has fired ends when it has found nothing open."""
        switch, self._switch = self._switch, None
        if switch is None:
            return
        switch.tell({"timeout": 0})
        for _ in range(PATIENCE // LOOK_EVERY):
            if not switch.is_alive:
                switch.release()
                return
            yield self.sleep(LOOK_EVERY)
        raise OperationFailed(
            f"{self.id} the dead man's switch, process {switch.number}, is still cancelling"
        )

    # --- going -------------------------------------------------------------------------------------------

    @flow
    def close(self, *args: Any, **kwargs: Any) -> Flow[None]:
        """End what is open. With `options["cancelOnClose"]` the orders that this instance placed go first."""
        failures: list[str] = []
        try:
            if self.options.get("cancelOnClose"):
                failures = yield from self._cancelled_placed_orders()
            yield from self._disarmed()
        finally:
            yield super().close(*args, **kwargs)
        if failures:
            raise OperationFailed(f"{self.id} close() could not cancel {'; '.join(failures)}")

    def _cancelled_placed_orders(self) -> Flow[list[str]]:
        """Cancel each order that was placed here and has not ended as far as is known. What failed."""
        failures: list[str] = []
        placed, self._placed_here = self._orders_placed_here, None
        for reference, market_id in placed.values():
            known = self._known_orders().get(reference.get("orderId") or "")
            if known is not None and not known.is_open:
                continue
            try:
                yield self.private_delete_api_v1_order({**reference, "symbol": market_id})
            except OrderNotFound:
                continue  # it has ended
            except BaseError as error:
                failures.append(f"{reference} in {market_id}: {type(error).__name__}: {error}")
        return failures
