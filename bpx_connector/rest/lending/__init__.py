"""Unified methods: what earns and costs interest. Borrowing, lending, and vaults."""
