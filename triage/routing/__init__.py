"""Routing: from what was found in a response to the ticket it deserves.

`load_rules` reads and checks a rules file, `decide` applies it. Both are pure but for
the reading of the file.
"""

from triage.routing.decide import decide
from triage.routing.load import load_rules, parse_rules
from triage.routing.rules import Rules

__all__ = ["Rules", "decide", "load_rules", "parse_rules"]
