"""Stand-ins for the ticket systems: real HTTP servers that answer as the vendors document."""
