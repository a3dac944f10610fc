"""One process holds the venue's sockets and the account's budget for any number of programs, over NATS.

`rules` decides and knows no I/O, `bus` speaks to NATS, `publisher` is the gateway itself and `consumer`
what an exchange object with `options["gateway"]` reads from. Without that option nothing of this is
imported.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("nats") is None:
    raise ModuleNotFoundError(
        "the gateway speaks over NATS: pip install 'bpx-connector[gateway]'", name="nats"
    )
