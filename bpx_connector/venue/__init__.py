"""Facts about Backpack: tables without behaviour."""
