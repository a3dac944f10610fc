"""Is the venue as its documents, the captures and the sandbox say? Questions that change nothing.

`questions.py` says what is asked, `facts.py` what has to be true of the answers, `shapes.py` holds answers
against the venue's OpenAPI, `asking.py` asks, `streams.py` listens, `orders.py` places the smallest orders if
that was agreed to, `report.py` writes what was found.
"""
