// ccxt's own `backpack` class in JavaScript against a sandbox: node ccxt_backpack.cjs URL API_KEY SECRET
"use strict";
const assert = require("node:assert");
const ccxt = require("ccxt");

const SPOT = "SOL/USDC", PERP = "SOL/USDC:USDC";

// Every read of the class's own that takes these arguments, called once; the first failure ends the program.
const READS = [
    ["fetchMarkets"], ["fetchCurrencies"], ["fetchStatus"], ["fetchTime"], ["fetchTickers"],
    ["fetchTicker", SPOT], ["fetchOrderBook", SPOT], ["fetchTrades", SPOT], ["fetchOHLCV", PERP, "1m"],
    ["fetchFundingRate", PERP], ["fetchFundingRates"], ["fetchFundingRateHistory", PERP], ["fetchOpenInterest", PERP],
    ["fetchBalance"], ["fetchDeposits"], ["fetchWithdrawals"], ["fetchDepositAddress", "USDC", {"network": "Solana"}],
    ["fetchMyTrades", SPOT], ["fetchOpenOrders", SPOT], ["fetchOrders", SPOT], ["fetchPositions"], ["fetchFundingHistory", PERP],
];

async function main(url, apiKey, secret) {
    const exchange = new ccxt.backpack({apiKey, secret, rateLimit: 1});
    exchange.urls["api"] = {"public": url, "private": url};
    const markets = await exchange.loadMarkets();
    assert.ok(markets[PERP]["swap"]);
    let called = 0;
    for (const [method, ...args] of READS) {
        if (exchange.has[method]) {
            await exchange[method](...args);
            called += 1;
        }
    }
    const book = await exchange.fetchOrderBook(SPOT);
    const price = parseFloat(exchange.priceToPrecision(SPOT, book.bids[0][0] * 0.9));
    const placed = await exchange.createOrder(SPOT, "limit", "buy", 1.5, price);
    assert.equal(placed.status, "open");
    assert.equal((await exchange.fetchOpenOrder(placed.id, SPOT)).id, placed.id);
    assert.equal((await exchange.cancelOrder(placed.id, SPOT)).status, "canceled");
    const bought = await exchange.createOrder(PERP, "market", "buy", 1);
    assert.equal(bought.status, "closed");
    assert.equal((await exchange.fetchPositions()).length, 1);
    console.log(`ccxt ${ccxt.version} backpack (JavaScript): ${called} reads; order ${placed.id} placed, found, cancelled; ` +
        `order ${bought.id} filled, 1 position`);
}

main(...process.argv.slice(2)).catch((error) => { console.error(error); process.exit(1); });
