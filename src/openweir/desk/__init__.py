"""Desk: one module per thing a user can ask for.

The desk composes rooms, and it alone reads the clock (`clock`), the environment
(`home`) and the paths users give (`case`). Shells above it only translate.
"""
