"""Every method that asks the venue, with arguments that are in order."""

from __future__ import annotations

from typing import Any, NamedTuple

from bpx_connector.pro import WATCHED
from tests.support.ccxt_structures import snake_case

__all__ = ["CALLS", "IMPLICIT", "WATCHES", "Asked", "name_of"]

SPOT, SWAP, RFQ = "SOL/USDC", "BTC/USDC:USDC", "AAPL.US.RFQ/USDC"
BATCH = [
    {
        "symbol": SPOT,
        "type": "limit",
        "side": "buy",
        "amount": 1.5,
        "price": 90,
        "params": {"clientOrderId": 7},
    }
]
EDITS = [{"id": "77", "symbol": SPOT, "type": "limit", "side": "buy", "amount": 1.5, "price": 90}]


class Asked(NamedTuple):
    """A method's name and what it is called with."""

    name: str
    args: tuple[Any, ...] = ()


CALLS: tuple[Asked, ...] = (
    Asked("fetch_markets"),
    Asked("load_markets", (True,)),
    Asked("fetch_currencies"),
    Asked("fetch_status"),
    Asked("fetch_time"),
    Asked("load_time_difference"),
    Asked("fetch_ticker", (SPOT,)),
    Asked("fetch_tickers"),
    Asked("fetch_last_prices"),
    Asked("fetch_bids_asks", ([SPOT],)),
    Asked("fetch_order_book", (SPOT,)),
    Asked("fetch_order_books", ([SPOT],)),
    Asked("fetch_l2_order_book", (SPOT,)),
    Asked("fetch_trades", (SPOT,)),
    Asked("fetch_trades", (SPOT, None, 2_000)),
    Asked("fetch_ohlcv", (SPOT,)),
    Asked("fetch_mark_ohlcv", (SWAP,)),
    Asked("fetch_index_ohlcv", (SWAP,)),
    Asked("fetch_premium_index_ohlcv", (SWAP,)),
    Asked("fetch_mark_price", (SWAP,)),
    Asked("fetch_mark_prices"),
    Asked("fetch_funding_rate", (SWAP,)),
    Asked("fetch_funding_rates"),
    Asked("fetch_funding_interval", (SWAP,)),
    Asked("fetch_funding_intervals"),
    Asked("fetch_funding_rate_history", (SWAP,)),
    Asked("fetch_open_interest", (SWAP,)),
    Asked("fetch_open_interests"),
    Asked("fetch_leverage_tiers"),
    Asked("fetch_market_leverage_tiers", (SWAP,)),
    Asked("fetch_trading_limits", ([SPOT],)),
    Asked("fetch_collateral_parameters"),
    Asked("fetch_cross_borrow_rate", ("USDC",)),
    Asked("fetch_cross_borrow_rates"),
    Asked("fetch_borrow_rate_history", ("USDC",)),
    Asked("fetch_borrow_rate_histories", (["USDC"],)),
    Asked("fetch_lending_markets"),
    Asked("fetch_lending_rates"),
    Asked("fetch_prediction_events"),
    Asked("fetch_prediction_tags"),
    Asked("fetch_securities"),
    Asked("fetch_stock_sessions"),
    Asked("fetch_stock_holidays"),
    Asked("fetch_stock_indicative_quote", (RFQ, "buy", 1)),
    Asked("load_stock_markets"),
    Asked("fetch_country_permissions"),
    Asked("fetch_fee_tiers"),
    Asked("fetch_vaults"),
    Asked("fetch_vault_nav"),
    Asked("fetch_vault_history"),
    Asked("fetch_pending_vault_redeems", (1,)),
    Asked("fetch_vault_mints"),
    Asked("fetch_vault_redeems", (1,)),
    Asked("fetch_countries"),
    Asked("mint_vault_shares", (1, "USDC", 1.5)),
    Asked("redeem_vault_shares", (1, 1.5)),
    Asked("cancel_vault_redeem", (1,)),
    Asked("fetch_venue_wallets"),
    Asked("fetch_accounts"),
    Asked("fetch_account_settings"),
    Asked("update_account_settings", ({"autoLend": True},)),
    Asked("fetch_balance"),
    Asked("fetch_balance", ({"type": "swap"},)),
    Asked("fetch_positions"),
    Asked("fetch_position", (SWAP,)),
    Asked("fetch_positions_for_symbol", (SWAP,)),
    Asked("fetch_positions_history"),
    Asked("fetch_position_history", (SWAP,)),
    Asked("fetch_position_mode"),
    Asked("fetch_leverage", (SWAP,)),
    Asked("fetch_leverages"),
    Asked("set_leverage", (5,)),
    Asked("fetch_margin_mode", (SWAP,)),
    Asked("fetch_margin_modes"),
    Asked("set_margin_mode", ("cross",)),
    Asked("fetch_trading_fee", (SPOT,)),
    Asked("fetch_trading_fees"),
    Asked("fetch_max_borrow_quantity", ("USDC",)),
    Asked("fetch_max_order_quantity", (SPOT, "buy", 90)),
    Asked("fetch_max_withdrawal_quantity", ("USDC",)),
    Asked("fetch_borrow_liquidation_price", ("USDC", 1.5)),
    Asked("fetch_funding_history"),
    Asked("fetch_borrow_interest"),
    Asked("fetch_lending_history"),
    Asked("fetch_lending_interest"),
    Asked("fetch_lending_positions"),
    Asked("fetch_lending_positions_history"),
    Asked("lend", ("USDC", 1.5)),
    Asked("redeem_lent", ("USDC", 1.5)),
    Asked("borrow_cross_margin", ("SOL", 1.5)),
    Asked("repay_cross_margin", ("USDC", 1.5)),
    Asked("fetch_ledger"),
    Asked("fetch_ledger_entry", (f"settlement:{1}", "USDC")),
    Asked("fetch_convert_trade_history"),
    Asked("fetch_convert_trade", ("dust:77",)),
    Asked("fetch_convert_quote", ("USDC", "SOL", 90)),
    Asked("create_convert_trade", ("77", "SOL", "USDC", 1.5)),
    Asked("convert_dust", ("SOL",)),
    Asked("fetch_deposit_address", ("JTO", {"network": "SOL"})),
    Asked("fetch_deposit_addresses_by_network", ("JTO",)),
    Asked("fetch_deposit_withdraw_fee", ("JTO",)),
    Asked("fetch_deposit_withdraw_fees"),
    Asked("fetch_transaction_fee", ("JTO",)),
    Asked("fetch_transaction_fees"),
    Asked("fetch_deposits"),
    Asked("fetch_deposit", ("77",)),
    Asked("fetch_withdrawals"),
    Asked("fetch_withdrawal", ("77",)),
    Asked("fetch_deposits_withdrawals"),
    Asked("withdraw", ("JTO", 1.5, "word", {"network": "SOL", "clientId": "w7"})),
    Asked("fetch_withdrawal_delay"),
    Asked("create_withdrawal_delay", (24, "123456")),
    Asked("update_withdrawal_delay", (24, "123456")),
    Asked("create_order", (SPOT, "limit", "buy", 1.5, 90, {"clientOrderId": 7})),
    Asked("create_market_order_with_cost", (SPOT, "buy", 90, {"clientOrderId": 7})),
    Asked("create_orders", (BATCH,)),
    Asked("edit_order", ("77", SPOT, "limit", "buy", 1.5, 90, {"clientOrderId": 8})),
    Asked("edit_orders", (EDITS,)),
    Asked("cancel_order", ("77", SPOT)),
    Asked("cancel_orders", (["77"], SPOT)),
    Asked("cancel_orders_with_client_order_id", (["7"], SPOT)),
    Asked("cancel_all_orders"),
    Asked("resolve_order", (7, SPOT)),
    Asked("close_position", (SWAP,)),
    Asked("close_all_positions"),
    Asked("fetch_order", ("77", SPOT)),
    Asked("fetch_open_order", ("77", SPOT)),
    Asked("fetch_closed_order", ("77", SPOT)),
    Asked("fetch_orders"),
    Asked("fetch_open_orders"),
    Asked("fetch_closed_orders"),
    Asked("fetch_canceled_orders"),
    Asked("fetch_canceled_and_closed_orders"),
    Asked("fetch_my_trades"),
    Asked("fetch_my_liquidations"),
    Asked("fetch_order_trades", ("77", SPOT)),
    Asked("create_twap_order", (SPOT, "buy", 1.5, 600_000, {"clientStrategyId": 7})),
    Asked("fetch_twap_order", ("77", SPOT)),
    Asked("fetch_twap_orders"),
    Asked("fetch_open_twap_orders"),
    Asked("fetch_twap_order_trades", ("77", SPOT)),
    Asked("cancel_twap_order", ("77", SPOT)),
    Asked("cancel_all_twap_orders", (SPOT,)),
    Asked("create_rfq", (RFQ, "buy", 1.5, None, {"clientOrderId": 7})),
    Asked("create_rfq_quote", ("77", 90, 91, {"clientOrderId": 7})),
    Asked("accept_rfq_quote", ("77", "78")),
    Asked("refresh_rfq", ("77",)),
    Asked("cancel_rfq", ("77",)),
    Asked("fetch_rfq", ("77",)),
    Asked("fetch_open_rfqs"),
    Asked("fetch_rfq_history"),
    Asked("fetch_rfq_fills"),
    Asked("fetch_quote_history"),
    Asked("fetch_quote_fills"),
)

IMPLICIT: tuple[str, ...] = ("public_get_api_v1_ping", "public_get_api_v1_market_sessions")
"""Operations that no method of ours wraps."""


def _watched(name: str) -> tuple[Any, ...]:
    """What a stream is asked for, so that it is in order."""
    if name == "OHLCVForSymbols":
        return ([[SPOT, "1m"]],)
    if name in ("Balance", "Orders", "MyTrades", "RfqUpdates", "Positions"):
        return ()
    if name.endswith("ForSymbols") or name in _SEVERAL:
        return ([SWAP],)
    return (SWAP,)


_SEVERAL = {f"{name}s" for name in WATCHED if f"{name}s" in WATCHED} | {"BidsAsks"}

WATCHES: tuple[Asked, ...] = tuple(
    Asked(f"{way}_{snake_case(name)}", _watched(name)) for name in WATCHED for way in ("watch", "un_watch")
)
"""Every method that watches, and every one that ends it."""


def name_of(asked: Asked) -> str:
    """What a test is called after."""
    return "-".join([asked.name, *(str(value) for value in asked.args if isinstance(value, str | dict))][:2])
