"use strict";
// The box that says how to load the selection: in Python, and on the command line.

(() => {
  const { h } = hmix;
  const WIDTH = 70;

  /** Write the selection as a call of `hmix_hub.load_dataset`. */
  hmix.pythonCode = (task, filters) => {
    const named = new Map(task.filters.map((filter) => [filter.name, filter]));
    const chosen = Object.entries(filters).map(([name, texts]) => `${name}=${hmix.pythonValue(named.get(name), texts)}`);
    const options = [task.code.python, `"${task.name}"`, 'split="train"', ...[task.code.python_options].filter(Boolean), ...chosen];
    const short = `judgments = hmix_hub.load_dataset(${options.join(", ")})`;
    const call = short.length <= WIDTH ? short : `judgments = hmix_hub.load_dataset(\n${options.map((option) => `    ${option},\n`).join("")})`;
    return `import hmix_hub\n\n${call}`;
  };

  /** Write the selection as a command; empty where `hmix load` cannot load it. */
  hmix.commandCode = (task, filters) => {
    if (task.code.command === null) return "";
    const named = new Map(task.filters.map((filter) => [filter.name, filter]));
    const chosen = Object.entries(filters).flatMap(([name, texts]) => hmix.commandOptions(named.get(name), texts));
    const words = [`hmix load ${task.name}`, task.code.command, ...chosen].filter(Boolean);
    const short = words.join(" ");
    return short.length <= WIDTH ? short : words.join(" \\\n  ");
  };

  const FORMS = { Python: hmix.pythonCode, "Command line": hmix.commandCode };

  /** The box, in an element. */
  hmix.CodeBox = class {
    constructor(host) {
      this.form = "Python";
      this.buttons = Object.keys(FORMS).map((form) => h("button.form", { type: "button", onclick: () => this._choose(form) }, form));
      this.copy = h("button.copy", { type: "button", onclick: () => this._copy() }, "Copy");
      this.text = h("code");
      const box = h("pre", { tabindex: "0", role: "region", "aria-label": "Code of this selection" }, this.text);
      host.append(h("div.forms", {}, h("div.both", { role: "group", "aria-label": "Language of the code" }, this.buttons), this.copy), box);
    }

    update(task, filters) {
      [this.task, this.filters] = [task, filters];
      const isCommand = this.form === "Command line";
      const code = FORMS[this.form](task, filters);
      this.text.textContent = code || "# hmix load takes one dataset; use Python for several joined ones";
      this.buttons.forEach((button) => button.setAttribute("aria-pressed", (button.textContent === "Command line") === isCommand));
    }

    _choose(form) {
      this.form = form;
      this.update(this.task, this.filters);
    }

    async _copy() {
      const text = this.text.textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // Where a frame may not write to the clipboard, the text is left selected, to be copied by hand.
        getSelection().selectAllChildren(this.text);
        hmix.announce("The code is selected: copy it with the keyboard.");
        return;
      }
      this.copy.textContent = "Copied";
      hmix.announce("The code is copied.");
      setTimeout(() => (this.copy.textContent = "Copy"), 1500);
    }
  };
})();
