"""Is the venue as its documents, the captures and the sandbox say? Questions that change nothing.

`questions.py` says what is asked, `facts.py` what has to be true of the answers, `shapes.py` holds answers
against the venue's OpenAPI, `readings.py` runs our parsers over them, `asking.py` asks, `calls.py` calls
what programs call, `streams.py` listens, `orders.py` places the smallest orders if that was agreed to,
`report.py` writes what was found and `written.py` the tapes.
"""
