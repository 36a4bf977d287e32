"""A keyboard and nothing else."""

from __future__ import annotations

from playwright.sync_api import Page

_NAME = """() => {
  const node = document.activeElement;
  const label = document.getElementById(node.getAttribute('aria-labelledby'))?.innerText;
  const labels = [...(node.labels ?? [])].map((one) => one.innerText).join(' ').trim();
  return node.getAttribute('aria-label') || label || labels
    || node.closest('label')?.querySelector('img')?.alt || node.innerText;
}"""
_MOST = 60


class Keyboard:
    """Presses keys, and looks at what has the focus."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def name(self) -> str:
        """Name what has the focus."""
        name = self._page.evaluate(_NAME)
        return " ".join((name or "").split())

    def tab_to(self, name: str) -> None:
        """Press Tab until something has the focus, by the beginning of its name; the ring has to be seen."""
        for _ in range(_MOST):
            self._page.keyboard.press("Tab")
            if self.name().startswith(name):
                return
        raise AssertionError(f"{name} cannot be reached by Tab")

    def press(self, name: str, key: str = "Enter") -> None:
        """Go to a button and press it."""
        self.tab_to(name)
        self._page.wait_for_function("() => !document.activeElement.disabled")
        self._page.keyboard.press(key)

    def keys(self, *keys: str) -> None:
        for key in keys:
            self._page.keyboard.press(key)
