// bpx-api-client, the TypeScript client, against a sandbox: node bpx_api_client.cjs URL API_KEY SECRET
"use strict";
const assert = require("node:assert");
const { BpxApiClient } = require("bpx-api-client");
const { version } = require("bpx-api-client/package.json");

const SPOT = "SOL_USDC", PERP = "SOL_USDC_PERP";

// Left out: `rfq.*`, which read an enum that the client does not export and fail before anything is sent, and
// getProfitAndLossHistory, whose path the venue has removed.
function calls(client) {
    const start = Math.floor(Date.now() / 1000) - 3600;
    return {
        assets: ["getAssets", "getCollateral"].map((name) => () => client.assets[name]()),
        pools: [() => client.borrowLendMarkets.getBorrowLendMarkets(),
            () => client.borrowLendMarkets.getBorrowLendMarketsHistory({ interval: "1d", symbol: "USDC" })],
        markets: [() => client.markets.getMarkets(), () => client.markets.getMarket(SPOT),
            () => client.markets.getTicker({ symbol: SPOT }), () => client.markets.getTickers(),
            () => client.markets.getDepth(SPOT), () => client.markets.getMarkPrices(PERP),
            () => client.markets.getKlines({ symbol: SPOT, interval: "1m", startTime: start }),
            () => client.markets.getOpenInterest(PERP), () => client.markets.getFundingIntervalRates({ symbol: PERP })],
        system: [() => client.system.status(), () => client.system.ping(), () => client.system.getSystemTime()],
        trades: [() => client.trades.getRecentTrades({ symbol: SPOT }),
            () => client.trades.getHistoricalTrades({ symbol: SPOT, limit: 5 })],
        account: [() => client.account.getAccount(), () => client.account.updateAccount({ leverageLimit: "5" }),
            () => client.account.getMaxBorrowQuantity("USDC"),
            () => client.account.getMaxOrderQuantity({ symbol: SPOT, side: "Bid" }),
            () => client.account.getMaxWithdrawalQuantity({ symbol: "USDC" })],
        lending: [() => client.borrowLend.executeBorrowLend({ symbol: "USDC", side: "Lend", quantity: "10" }),
            () => client.borrowLend.getBorrowLendPositions()],
        capital: [() => client.capital.getBalances(), () => client.capital.getCollateral(),
            () => client.capital.getDeposits({ limit: 5 }), () => client.capital.getDepositAddress("Solana"),
            () => client.capital.getWithdrawals({ limit: 5 }),
            () => client.capital.requestWithdrawal(
                { address: "x", blockchain: "Solana", quantity: "10", symbol: "USDC" })],
        futures: [() => client.futures.getOpenPositions()],
        history: ["BorrowLendHistory", "InterestHistory", "BorrowLendPositionHistory", "DustConversionHistory", "FillHistory",
            "FundingPayments", "OrderHistory", "RfqHistory", "QuoteHistory", "SettlementHistory", "StrategyHistory"]
            .map((name) => () => client.history[`get${name}`]({ limit: 5 })),
    };
}

async function done(call) {
    const answer = await call();
    assert.ok(answer.statusCode >= 200 && answer.statusCode < 300, `${call}: ${JSON.stringify(answer.error)}`);
    return answer.data;
}

async function main(url, apiKey, apiSecret) {
    const client = new BpxApiClient({ apiKey, apiSecret, httpUrl: url });
    let called = 0;
    for (const group of Object.values(calls(client))) {
        for (const call of group) {
            await done(call);
            called += 1;
        }
    }
    const order = { symbol: SPOT, side: "Bid", orderType: "Limit", quantity: "2", price: "50" };
    const placed = await done(() => client.order.executeOrder(order));
    const named = { symbol: SPOT, orderId: placed.id };
    assert.equal((await done(() => client.order.getOpenOrder(named))).id, placed.id);
    assert.equal((await done(() => client.order.getOpenOrders({ symbol: SPOT }))).length, 1);
    assert.equal((await done(() => client.order.cancelOpenOrder(named))).status, "Cancelled");
    const bought = await done(() => client.order.executeOrder({ symbol: PERP, side: "Bid", orderType: "Market", quantity: "1" }));
    assert.equal(bought.status, "Filled");
    console.log(`bpx-api-client ${version} (TypeScript): ${called} calls; order ${placed.id} placed, found, cancelled; ` +
        `order ${bought.id} filled`);
}

main(...process.argv.slice(2)).catch((error) => { console.error(error); process.exit(1); });
