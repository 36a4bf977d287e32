"""Importing: raw exports of any laboratory become observed columns of a judgment file."""
