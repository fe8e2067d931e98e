"""The command line: words in, text or JSON and an exit code out.

One file per command; each holds `SUMMARY`-free `configure(parser)` and
`run(arguments)`. The table in `openweir.cli.main` names them all, and only the
command that was asked for is imported. Exit codes: 0 yes, 1 no, 2 usage or error.
"""
