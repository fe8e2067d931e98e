"""The demonstration: a small real model and the eval logs that belong to it."""

from openweir.desk.demo.model import build_model

__all__ = ["build_model"]
