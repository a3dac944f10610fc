"""Unified methods: wallet. What came in, what goes out, where to send it and what that costs.

Nothing here guesses a network: money sent over the wrong one is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

from ccxt.base.errors import (
    ArgumentsRequired,
    BadRequest,
    BaseError,
    ExchangeNotAvailable,
    InvalidAddress,
    NetworkError,
)
from ccxt.base.types import DepositAddress, DepositWithdrawFee, DepositWithdrawFees, Strings, Transaction

from bpx_connector.aliases import Params, Payload
from bpx_connector.flow import Flow, flow
from bpx_connector.given import params_of
from bpx_connector.parse.account.wallet import ParseWallet
from bpx_connector.parse.border import structures
from bpx_connector.parse.markets.currencies import network_code
from bpx_connector.parse.numbers import EXACT, plain
from bpx_connector.parse.overriding import is_overridden
from bpx_connector.parse.rows import Row, quoted, read_each, rows_in
from bpx_connector.rest.asking.arguments import asked_currency, checked_amount
from bpx_connector.rest.asking.enquiries import Enquiries, Enquiry, is_open_question, with_words
from bpx_connector.rest.asking.histories import Span, asked_span
from bpx_connector.rest.asking.params import taken
from bpx_connector.venue.description import HISTORY_LIMIT
from bpx_connector.venue.errors import OutcomeUnknown

__all__ = ["Wallet"]

TAG_WORDS = ("tag", "memo", "addressTag", "destinationTag")


class Wallet(Enquiries, ParseWallet):
    """Deposits, withdrawals, addresses and fees."""

    # --- addresses -------------------------------------------------------------------------------------

    @flow
    def fetch_deposit_address(self, code: str, params: Params = {}) -> Flow[DepositAddress]:
        """The address to send a currency to, on one network.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposit_address

        params: `network`, required: ccxt's code ('SOL', 'ERC20') or the venue's word ('Solana', 'Ethereum').
        """
        call = f"{self.id} fetchDepositAddress()"
        if self.markets is None:
            yield self.load_markets()
        currency = asked_currency(self, call, code)
        network, params = self._network(call, currency, params)
        answer = yield self.private_get_wapi_v1_capital_deposit_address(
            {"blockchain": network["id"], **params}
        )
        address = self.parse_deposit_address(answer, currency)
        address["network"] = network["network"]
        return address

    # --- history ---------------------------------------------------------------------------------------

    @flow
    def fetch_deposits(
        self, code: str | None = None, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Transaction]]:
        """Deposits, oldest first: with `since` the first `limit` at or after it, else the newest `limit`.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposits

        params: `until`, the latest time in milliseconds; `excludePlatform`, True leaves out what came from
        the venue itself.
        """
        call = f"{self.id} fetchDeposits()"
        endpoint = self.private_get_wapi_v1_capital_deposits
        return (yield from self._transactions(call, endpoint, code, since, limit, params))

    @flow
    def fetch_withdrawals(
        self, code: str | None = None, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Transaction]]:
        """Withdrawals, oldest first: with `since` the first `limit` at or after it, else the newest `limit`.

        https://docs.backpack.exchange/#tag/Capital/operation/get_withdrawals

        params: `until`, the latest time in milliseconds; `id` and `clientId` find a single withdrawal.
        """
        call = f"{self.id} fetchWithdrawals()"
        endpoint = self.private_get_wapi_v1_capital_withdrawals
        return (yield from self._transactions(call, endpoint, code, since, limit, params))

    @flow
    def fetch_deposits_withdrawals(
        self, code: str | None = None, since: int | None = None, limit: int | None = None, params: Params = {}
    ) -> Flow[list[Transaction]]:
        """Deposits and withdrawals together, oldest first.

        https://docs.backpack.exchange/#tag/Capital/operation/get_deposits
        https://docs.backpack.exchange/#tag/Capital/operation/get_withdrawals

        params: `until`, the latest time in milliseconds.
        """
        span, _ = asked_span(f"{self.id} fetchDepositsWithdrawals()", since, limit, params)
        deposits = yield self.fetch_deposits(code, since, limit, params)
        withdrawals = yield self.fetch_withdrawals(code, since, limit, params)
        return span.cut(sorted([*deposits, *withdrawals], key=_moment), lambda one: one["timestamp"])

    def _transactions(
        self, call: str, endpoint: Any, code: Any, since: Any, limit: Any, params: Params
    ) -> Flow[list[Transaction]]:
        """The transactions of a span, those of a currency or a network if one is named."""
        span, params = asked_span(call, since, limit, params)
        network, params = taken(params, "network")
        if self.markets is None:
            yield self.load_markets()
        wanted = None if code is None else asked_currency(self, call, code)["code"]
        wanted_network = None if network is None else self._network_asked(call, network)

        def is_wanted(one: Transaction) -> bool:
            return (
                (wanted is None or one["currency"] == wanted)
                and (wanted_network is None or one["network"] == wanted_network)
                and span.holds(one["timestamp"])
            )

        request = {**_times(span), **params}
        found = yield from self._transactions_of_pages(call, endpoint, request, span, is_wanted)
        found.sort(key=_moment)
        return span.cut(found, lambda one: one["timestamp"])

    def _transactions_of_pages(
        self,
        call: str,
        endpoint: Any,
        request: Params,
        span: Span,
        is_wanted: Callable[[Transaction], bool],
    ) -> Flow[list[Transaction]]:
        """The venue filters by time but not by currency, and names no order: pages until enough, or all."""
        found: list[Transaction] = []
        known: set[str | None] = set()
        offset = 0
        while True:
            answer = yield endpoint({"limit": HISTORY_LIMIT, "offset": offset, **request})
            page = rows_in(answer, call)
            if is_overridden(self, "parse_transactions"):
                read: list[Any] = self.parse_transactions(page)
            else:
                read = read_each(page, self.parse_transaction, call)
            found += [one for one in read if is_wanted(one) and one["id"] not in known]
            known.update(one["id"] for one in read if one["id"] is not None)  # a new one moves the pages
            offset += len(answer)
            is_enough = span.since is None and span.limit is not None and len(found) >= span.limit
            if len(answer) < HISTORY_LIMIT or is_enough or "offset" in request:
                return found

    def _network_asked(self, call: str, network: Any) -> str:
        """ccxt's code of a network that a caller names, by its own word or the venue's."""
        if not isinstance(network, str):
            raise BadRequest(f"{call} network has to be text such as 'SOL', not {network!r}")
        return str(network_code(self.network_code_to_id(network)))

    # --- withdrawing -----------------------------------------------------------------------------------

    @flow
    def withdraw(
        self, code: str, amount: float, address: str, params: dict[str, Any] = {}
    ) -> Flow[Transaction]:
        """A withdrawal, requested: its status is 'pending' until the venue has sent it.

        The venue asks for a two-factor token unless the address is exempt from it in the account's address
        book. It has no field for a tag or memo, so that a withdrawal that needs one is refused here.

        https://docs.backpack.exchange/#tag/Capital/operation/request_withdrawal

        params: `network`, required: ccxt's code ('SOL', 'ERC20') or the venue's word ('Solana', 'Ethereum');
        `clientId`, `twoFactorToken`, `autoBorrow`, `autoLendRedeem`, `recipientInformation`. If the answer is
        lost the withdrawal is looked for by its client id, which is made up where none is given.
        """
        call = f"{self.id} withdraw()"
        params = _without_tag(call, params)
        if address is not None and not isinstance(address, str):
            raise InvalidAddress(f"{call} address has to be text, not {address!r}")
        self.check_address(address)
        quantity = checked_amount(call, "amount", amount)
        if self.markets is None:
            yield self.load_markets()
        currency = asked_currency(self, call, code)
        network, params = self._network(call, currency, params)
        _refuse_outside_limits(call, quantity, currency["code"], network)
        request = {
            "address": address,
            "blockchain": network["id"],
            "quantity": plain(quantity),
            "symbol": currency["id"],
        }
        row = yield from self._requested_withdrawal({"clientId": f"bpx-{uuid4()}", **request, **params})
        return self.parse_transaction(row, currency)

    def _requested_withdrawal(self, request: Params) -> Flow[Payload]:
        """The withdrawal as the venue has it; if its answer is lost it is looked for by its client id."""
        call, sent = f"{self.id} withdraw()", self._sent_now(request)
        try:
            row = yield self.private_post_wapi_v1_capital_withdrawals(request)
            return _answered_withdrawal(call, row)
        except NetworkError as error:
            if not (is_open_question(error) and self._longest_enquiry()):
                raise
            failure = error
        client_id, enquiry = request["clientId"], Enquiry(self._as_signed(sent), self._longest_enquiry())
        while True:
            has_passed = enquiry.has_window_passed
            try:
                found = yield from self._look(
                    "wapi/v1/capital/withdrawals", {"clientId": client_id, "limit": 1}, enquiry.left
                )
                rows = rows_in(found, f"{self.id} withdrawals")
                mine = next((one for one in rows if one.get("clientId") == client_id), None)
                if mine is not None:
                    return _answered_withdrawal(call, mine)
                if has_passed and not rows:
                    break
            except BaseError as trouble:
                self._note_trouble(trouble)
            pause = enquiry.next_pause()
            if not pause:
                raise OutcomeUnknown(
                    f"{failure}; {call} the outcome is not known: fetch_withdrawals(params={{'clientId': "
                    f"{client_id!r}}}) tells whether it was requested"
                ) from failure
            yield self.sleep(pause)
        raise with_words(
            failure, f"the withdrawal was not requested: the venue knows none with client id {client_id}"
        ) from failure

    # --- fees ------------------------------------------------------------------------------------------

    @flow
    def fetch_deposit_withdraw_fees(
        self, codes: Strings = None, params: Params = {}
    ) -> Flow[DepositWithdrawFees]:
        """What withdrawing the currencies asked for, or all of them, costs on each network.

        Deposit fees are not published.

        https://docs.backpack.exchange/#tag/Assets/operation/get_assets
        """
        call = f"{self.id} fetchDepositWithdrawFees()"
        if isinstance(codes, str):
            raise BadRequest(f"{call} codes has to be a list such as [{codes!r}], or None, not {codes!r}")
        if self.markets is None:
            yield self.load_markets()
        wanted = {asked_currency(self, call, code)["id"] for code in codes} if codes else None
        rows = rows_in((yield self.public_get_api_v1_assets(params)), call)
        rows = [
            row
            for row in rows
            if (symbol := Row(row).word("symbol")) is not None and (wanted is None or symbol in wanted)
        ]
        if is_overridden(self, "parse_deposit_withdraw_fees"):
            own: DepositWithdrawFees = self.parse_deposit_withdraw_fees(rows, codes, "symbol")
            return own

        def fee_of(row: Payload) -> tuple[Any, Any]:
            return self.safe_currency_code(Row(row).word("symbol")), self.parse_deposit_withdraw_fee(row)

        fees: Any = dict(structures(rows, fee_of))
        found: DepositWithdrawFees = fees
        return found

    @flow
    def fetch_deposit_withdraw_fee(self, code: str, params: Params = {}) -> Flow[DepositWithdrawFee | None]:
        """What withdrawing one currency costs on each network. Deposit fees are not published.

        https://docs.backpack.exchange/#tag/Assets/operation/get_assets
        """
        fees = yield self.fetch_deposit_withdraw_fees([code], params)
        return next(iter(fees.values()), None)

    # --- arguments -------------------------------------------------------------------------------------

    def _network(self, call: str, currency: Any, params: Params) -> tuple[Payload, Params]:
        """The currency's network that params name, and the params that are left."""
        wanted, params = self.handle_network_code_and_params(params)
        networks = list((currency.get("networks") or {}).values())
        allowed = ", ".join(f"{one['network']} ({one['id']})" for one in networks) or "none"
        if wanted is None:
            raise ArgumentsRequired(
                f"{call} needs params['network'], for {currency['code']} one of these: {allowed}"
            )
        if not isinstance(wanted, str):
            raise BadRequest(f"{call} network has to be text such as 'SOL', not {wanted!r}")
        blockchain = str(self.network_code_to_id(wanted, currency["code"])).lower()
        for one in networks:
            if blockchain in (one["id"].lower(), one["network"].lower()):
                return one, params
        raise BadRequest(
            f"{call} cannot use network {wanted!r} for {currency['code']}, only one of these: {allowed}"
        )


def _answered_withdrawal(call: str, row: Any) -> Payload:
    if not isinstance(row, dict) or Row(row).word("id") is None:
        raise ExchangeNotAvailable(
            f"{call} was answered with {quoted(row)} instead of a withdrawal; whether the venue "
            "acted on it is not known"
        )
    return row


def _without_tag(call: str, params: Any) -> Params:
    # ccxt's older signature had the tag in the place of params.
    given = (
        {"tag": params} if isinstance(params, str) else params_of(call.partition(" ")[0], "withdraw", params)
    )
    tag = next((given[word] for word in TAG_WORDS if given.get(word)), None)
    if tag:
        raise BadRequest(
            f"{call} cannot send a tag or memo ({tag!r}): the venue's withdrawals have no field for it, "
            "and without it the money could be lost"
        )
    return {name: value for name, value in given.items() if name not in TAG_WORDS}


def _refuse_outside_limits(call: str, quantity: Decimal, code: str, network: Payload) -> None:
    least, most = network["limits"]["withdraw"]["min"], network["limits"]["withdraw"]["max"]
    step = network["precision"]
    if least is not None and quantity < Decimal(str(least)):
        raise BadRequest(
            f"{call} of {plain(quantity)} {code} is below the least on {network['id']}, which is {least}"
        )
    if most is not None and quantity > Decimal(str(most)):
        raise BadRequest(
            f"{call} of {plain(quantity)} {code} is above the most on {network['id']}, which is {most}"
        )
    if step is not None and EXACT.remainder(quantity, Decimal(str(step))):
        raise BadRequest(
            f"{call} of {plain(quantity)} {code} is finer than the smallest step on {network['id']}, {step}"
        )


def _times(span: Span) -> Params:
    """The venue's filter; its `to` is the first time that is left out."""
    times = {} if span.since is None else {"from": span.since}
    return times if span.until is None else {**times, "to": span.until + 1}


def _moment(one: Transaction) -> tuple[int, int, str]:
    identity = one["id"] or ""
    return one["timestamp"] or 0, len(identity), identity  # ids are digits: a longer one is later
