"""A local exchange that speaks the venue's language: a second reading of its rules, not the connector's.

`server.Sandbox` runs it inside an asyncio program, `server.SandboxThread` beside a blocking one, and
`python -m bpx_connector.sandbox` on its own. What the venue leaves unsaid is decided in `choices`.
"""
