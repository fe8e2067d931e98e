"""The same 40 rules in every engine, for `benchmarks/decide.py`."""
