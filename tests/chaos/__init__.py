"""Kills the service again and again while everything around it fails: `make chaos`."""
