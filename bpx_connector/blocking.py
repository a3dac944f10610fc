"""The blocking exchange: every unified method answers when it is done."""

from __future__ import annotations

from typing import Any

from ccxt.base.exchange import Exchange
from urllib3.exceptions import HTTPError

from bpx_connector.call.sessions import BlockingSession
from bpx_connector.call.straight import replied
from bpx_connector.call.troubles import network_error, without_frames
from bpx_connector.exchange import Backpack
from bpx_connector.flow import ours

__all__ = ["bpx"]


class bpx(Backpack, Exchange):
    """Backpack Exchange, blocking: ccxt's unified methods over HTTP."""

    session: Any

    def __init__(self, config: Any = {}) -> None:
        super().__init__(config)
        if self.options.get("gateway"):
            from bpx_connector.gateway.consumer import through
            from bpx_connector.gateway.consumer.attached import Attached
            from bpx_connector.gateway.consumer.blocking import BusThread

            self.fetch2 = through.blocking(Attached(self), BusThread(), self.fetch2)

    @ours
    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        """The decoded answer, over ccxt's own session: sent once, and to this address only.

        What has to be logged, or goes by a proxy, is sent by ccxt's `fetch`; all else takes the straight way,
        which does the same for a third.
        """
        if not isinstance(self.session, BlockingSession):
            self.session = BlockingSession(self.session)
        self._check_timeout()
        if not self._goes_straight() or self.proxies is not None:
            return super().fetch(url, method, headers, body)
        sent = self.prepare_request_headers(headers)
        how = self.timeout, self.verify and self.validateServerSsl
        try:
            reply = replied(self.session, method, url, sent, body, how)
        except (HTTPError, OSError) as error:
            trouble = network_error(f"{self.id} {method} {url}", url, error)
            raise without_frames(trouble) from error.with_traceback(None)
        if reply is None:
            return super().fetch(url, method, headers, body)
        arrived, content = reply
        text, answer = self._meaning(arrived, url, method, sent, body)
        if answer is None:
            return text if self.is_text_response(arrived.headers) else content.decode()
        return answer


# Its address is the package's, as its users import it: in pickles and in `repr`.
bpx.__module__ = "bpx_connector"
