"""Presets for collections: one file per preset and one per task, in which `#: PRESET` marks lines of one preset."""
