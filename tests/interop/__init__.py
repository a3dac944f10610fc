"""Clients that other people wrote, against our sandbox: does it speak the venue's language, or only ours?

`make interop` runs each script in a process of its own with the sandbox's address and a key pair. A script
says in one line what it did; only base addresses are changed, never what a client does.
"""
