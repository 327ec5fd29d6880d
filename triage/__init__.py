"""Feedback triage: survey comments in, routed tickets out."""

__version__ = "0.1.0"
