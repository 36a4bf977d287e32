"""The catalogue of all rules for contributed studies."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from hmix_hub.studies import rules as _rules
from hmix_hub.studies.rules.rule import Rule

_MODULES = tuple(import_module(f"{_rules.__name__}.{module.name}") for module in iter_modules(_rules.__path__))


def catalogue() -> dict[str, Rule]:
    """Return all rules by code, sorted by code."""
    rules = [value for module in _MODULES for value in vars(module).values() if isinstance(value, Rule)]
    return {rule.code: rule for rule in sorted(rules, key=lambda rule: rule.code)}


def describe(rule: Rule) -> dict[str, str]:
    """Return a rule as text, under the keys of `hmix rules --json`.

    Returns
    -------
    dict
        code, rule, severity, meaning, fix (what to do about it), automatic_fix (what `hmix contribute fix` does; empty
        if
        the rule has no automatic fix), fails, passes, task.
    """
    example = rule.example
    return {
        "code": rule.code,
        "rule": rule.name,
        "severity": str(rule.severity),
        "meaning": rule.meaning,
        "fix": rule.fix,
        "automatic_fix": rule.automatic_fix,
        "fails": example.failing.text,
        "passes": example.passing.text,
        "task": example.task,
    }
