"""The catalogue: every rule that a contributed study keeps, as data."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from hmix_hub.studies import rules as _rules
from hmix_hub.studies.rules.rule import Rule

_MODULES = tuple(import_module(f"{_rules.__name__}.{module.name}") for module in iter_modules(_rules.__path__))


def catalogue() -> dict[str, Rule]:
    """Return all rules by code, in the order of their codes."""
    rules = [value for module in _MODULES for value in vars(module).values() if isinstance(value, Rule)]
    return {rule.code: rule for rule in sorted(rules, key=lambda rule: rule.code)}


def describe(rule: Rule) -> dict[str, str]:
    """Return a rule as text, by the keys of `hmix rules --json`.

    Returns
    -------
    dict
        code, rule, severity, meaning, mend (what to do about it), fix (what `hmix contribute fix` does; empty: a person
        decides), fails, passes, task.
    """
    example = rule.example
    return {
        "code": rule.code,
        "rule": rule.name,
        "severity": str(rule.severity),
        "meaning": rule.meaning,
        "mend": rule.fix,
        "fix": rule.automatic_fix,
        "fails": example.failing.text,
        "passes": example.passing.text,
        "task": example.task,
    }
