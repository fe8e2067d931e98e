"""The demonstration: a small real model, the eval logs that belong to it, and a stage."""

from openweir.desk.demo.model import build_model
from openweir.desk.demo.stage import Stage
from openweir.desk.demo.trials import TRIALS, Trial, case_statements

__all__ = ["TRIALS", "Stage", "Trial", "build_model", "case_statements"]
