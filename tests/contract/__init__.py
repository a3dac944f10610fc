"""The venue's OpenAPI, tried against the sandbox by schemathesis."""
