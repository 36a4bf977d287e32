"""Sources of files: the release, a mirror of it, or the built-in sample study."""

from hmix_hub.sources.source import Source, choose_source, resolve_source
from hmix_hub.sources.study import JUDGMENT_FILES, PROCESSED_FILES, RELEASE, RELEASE_URL, SAMPLE, SourceFile, Study

__all__ = [
    "JUDGMENT_FILES",
    "PROCESSED_FILES",
    "RELEASE",
    "RELEASE_URL",
    "SAMPLE",
    "Source",
    "SourceFile",
    "Study",
    "choose_source",
    "resolve_source",
]
