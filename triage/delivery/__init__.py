"""Sends tickets to the systems that agents work in; see `docs/operations.md`.

record.py         what the remote case says
failure.py        what can go wrong, as one error with a kind
retry.py          what to do about it: a pure decision
circuit.py        when a whole system is parked, and when it resumes: pure too
http.py           connections, time limits, spacing of calls, the trace of an attempt
dynamics.py  service_cloud.py  webhook.py      the connectors
"""
