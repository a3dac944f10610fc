"""Unified methods: conversions, requests for quotes, stocks. All that is traded at a quote and on no book."""
