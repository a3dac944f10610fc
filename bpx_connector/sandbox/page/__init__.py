"""The sandbox in a browser: one page without a build step, and what it asks for."""
