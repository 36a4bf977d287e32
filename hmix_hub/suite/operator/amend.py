"""The action that amends a study: the study file of the folder, as it was changed, holds from now on."""

from __future__ import annotations

from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.operator.action import Action, Told
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.amending import Holds, changes, refused
from hmix_hub.suite.study.reading import COLLECTION, Findings, dotted, read_study_file, read_study_text


class Amend(Action):
    """Amend the study as its file in the collection's folder now says.

    Parameters
    ----------
    dry_run
        Only check, and tell what would change.
    """

    name = "amend"
    dry_run: bool = False

    def carry_out(self, store: Store) -> Told:
        """Return the number of the amendment, and what it changes; the number before, where nothing does.

        Raises
        ------
        StudyFileError
            If the study file cannot be used, or something of it may not change; all is told at once.
        StoreRefusedError
            If a batch has more people already than it would want.
        """
        now = read_study_file(store.folder, allow_placeholders=store.is_synthetic)
        found, findings = changes(store.frozen.study, now), Findings()
        text = read_study_text(store.folder)
        used = [form.version for form in store.versions.consents]
        for path, said in refused(found, now, used):
            findings.add(COLLECTION, text.line_of(path), f"{dotted(path)} {said}".strip())
        findings.refuse()
        # Examples may show other pictures than before.
        draw_design(store.folder, now)
        number = store.frozen.version
        if found and not self.dry_run:
            number = store.amend(now, [dotted(change.path) for change in found]).result().number
        return {
            "number": number,
            "changes": [
                {
                    "key": dotted(change.path),
                    "was": change.was,
                    "is": change.now_is,
                    "holds": change.rule.value if isinstance(change.rule, Holds) else None,
                }
                for change in found
            ],
        }
