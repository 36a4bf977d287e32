"""A person at a browser: goes from screen to screen as people do."""

from __future__ import annotations

import secrets

import requests
from playwright.sync_api import Locator, Page, expect

from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


class Person:
    """Somebody with a page of the study open.

    Parameters
    ----------
    page
        The browser's page.
    address
        The study's address.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def open(self, query: str = "") -> Person:
        self.page.goto(f"{self.address}/{query}")
        return self

    def press(self, name: str) -> None:
        """Press a button with the mouse."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def heading(self, text: str) -> Person:
        """Check which screen is shown."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)
        return self

    def agree(self, query: str = "") -> Person:
        self.open(query)
        self.press("I agree to take part")
        return self

    def read(self) -> Person:
        """Read the instructions."""
        self.heading("Instructions")
        self.press("Next")
        self.press("Next")
        return self

    def quiz(self, *choices: str) -> Person:
        self.heading("A few questions about the instructions")
        for choice in choices or ("A mixture of two", "No"):
            self.page.get_by_text(choice, exact=True).click()
        self.press("Check my answers")
        return self

    def begin_by_hand(self) -> Person:
        """Come to the first trial through all screens."""
        return self.agree().read().quiz()

    def begin(self) -> Person:
        """Come to the first trial: as if consent, instructions and quiz were done before a reload."""
        study = requests.get(f"{self.address}/api/study", timeout=10).json()
        token, consent = secrets.token_urlsafe(32), study["consent"]["sha256"]
        headers = {"Authorization": f"Bearer {token}"}
        body = {"recruiting_id": None, "task": None, "consent_sha256": consent}
        view = requests.post(f"{self.address}/api/sessions", json=body, headers=headers, timeout=10).json()
        if not view["quiz"]["passed"]:
            requests.put(f"{self.address}/api/session/quiz/1", json={"answers": [2, 2]}, headers=headers, timeout=10)
        key = f"hmix.{study['place']}.token"
        self.page.context.add_init_script(
            f"if (location.protocol === 'http:' && !sessionStorage.begun) {{ sessionStorage.begun = 1;"
            f"localStorage.setItem('{key}', '{token}'); }}"
        )
        return self.open()

    def trial(self, number: int, of: int = 4) -> None:
        """Wait until a trial can be answered."""
        self.ready(f"Trial {number} of {of}")

    def ready(self, said: str) -> None:
        """Wait until what the head calls so can be answered."""
        expect(self.page.locator("#advance-text")).to_have_text(said)
        expect(self.page.locator(".trial:not([aria-busy])")).to_be_visible()

    def answer(self, task: str) -> None:
        """Answer a trial somehow."""
        page = self.page
        if task == CONSTRUCT:
            page.keyboard.press("h")
        elif task == SELECT:
            page.get_by_role("img", name="Picture 3 of 11").click()
        elif task == INFER:
            for slider in page.get_by_role("slider").all():
                slider.press("Space")
        elif task == CATEGORICAL:
            page.locator("input[name=top]").first.check()
            page.get_by_label("How probable is it?").fill("70")
            page.locator("input[name=second][value='-1']").check()
        elif task == "class_choice":
            page.locator("input[name=class]").nth(2).check()
            page.get_by_role("slider").press("Space")
        elif task == "scale_rating":
            page.keyboard.press("5")
            page.get_by_role("slider").press("Space")
        self.press("Submit")

    def finish(self, task: str, of: int = 4) -> str:
        """Answer all trials from the first, say nothing, and give the completion code."""
        for number in range(1, of + 1):
            self.trial(number, of)
            self.answer(task)
        self.heading("Comments")
        self.press("Finish")
        return self.code()

    def code(self) -> str:
        self.heading("Thank you")
        return self.page.get_by_label("Your completion code").inner_text()

    def status(self) -> Locator:
        """Return the line that says how saving goes."""
        return self.page.locator("#status")
