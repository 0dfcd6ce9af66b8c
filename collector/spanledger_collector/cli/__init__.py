"""The `spanledger` command: one module per group of commands, put together in `app`.

Importing the package imports none of them, so that a child process that only needs `child`
starts fast.
"""
