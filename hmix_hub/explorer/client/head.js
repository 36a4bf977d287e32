"use strict";
// What stands around the stimuli: the title, tasks, counts, filters in use, what could not be read, and sources.

(() => {
  const { h } = hmix;
  const at = (id) => document.getElementById(id);

  /** Write title, mark and sources, which do not change. */
  hmix.writeAbout = (metadata) => {
    document.title = `${metadata.title} · explorer`;
    at("title").textContent = hmix.sentence(metadata.title);
    at("mark").textContent = metadata.mark;
    at("mark").hidden = !metadata.mark;
    const of = ({ title, version, licence, citation }) => h("div", {}, h("b", {}, hmix.sentence(title)), version ? ` ${version}` : "", licence ? ` · ${licence}` : "", citation ? h("details.data", {}, h("summary", {}, "Cite"), h("pre", { tabindex: "0", role: "region", "aria-label": `Citation of ${title}` }, citation.trim())) : null);
    at("about").replaceChildren(...metadata.datasets.map(of), ...(metadata.notes ?? []).map((note) => h("p", {}, note)), h("p.soft", {}, `Made with hmix-hub ${metadata.version}.`));
  };

  /** Write the tabs of the tasks; filters that the other task has go along. */
  hmix.writeTasks = (metadata, current, hrefOf) => {
    // Whole addresses: one that begins with "#" and is out of sight would count as a link that skips to a place.
    const [page] = location.href.split("#");
    at("tasks").replaceChildren(
      ...metadata.tasks.map((task) => h("a", { href: page + hrefOf(task), "aria-current": task.name === current.name ? "page" : null, "data-task": task.name }, hmix.sentence(task.title), h("span.n", {}, hmix.count(task.n_judgments)))),
    );
    // On a narrow screen the tabs are wider than it is.
    at("tasks").scrollLeft = at("tasks").querySelector("[aria-current]").offsetLeft - at("tasks").offsetLeft - 16;
    at("question").textContent = current.question ? `The participant ${current.question}.` : "";
    const isOverClasses = hmix.isOverClasses(current);
    const marks = isOverClasses ? [] : [...(current.kind === "rating" ? [] : [["shown", current.kind === "selected" ? "one half" : "shown"]]), ["seen", { inferred: "seen, mean", selected: "selected, mean" }[current.kind] ?? "mean"], ["spread", "standard deviation"]];
    at("key").replaceChildren(...marks.map(([name, words]) => h("span", {}, h(`i.key.${name}`), words)));
    at("key").hidden = isOverClasses;
  };

  const share = (n, all, noun) => {
    const words = hmix.counted(all, noun).replace(/^\S+/, "");
    return h("span", {}, h("b", {}, hmix.count(n)), n === all ? words : ` of ${hmix.count(all)}${words}`);
  };

  /** Write how much is selected. */
  hmix.writeCounts = ({ data, summary }) => {
    const { task } = data;
    const parts = [share(summary.judgments, data.judgments.n, "judgment"), ...(data.participant ? [share(summary.participants, task.n_participants, "participant")] : []), share(summary.stimuli, data.stimuli.n, "stimulus")];
    at("counts").replaceChildren(...parts);
    return parts.map((part) => part.textContent).join(", ");
  };

  /** Write the filters in use; each is taken away by a press. */
  hmix.writeChips = (filters, judgments, choose, clear) => {
    // What has the focus goes away with it: the next one gets it.
    const remove = async (name, texts) => {
      await choose(name, texts);
      (at("chips").querySelector("button") ?? at("results")).focus();
    };
    const chips = Object.entries(filters).flatMap(([name, texts]) =>
      texts.map((text) => h("button.chip", { type: "button", "aria-label": `Remove ${name} ${text}`, onclick: () => remove(name, texts.filter((one) => one !== text)) }, h("span", {}, name), h("b", {}, text), h("i", { "aria-hidden": "true" }, "×"))),
    );
    if (chips.length > 1) chips.push(h("button.clear", { type: "button", onclick: clear }, "Remove all"));
    at("chips").replaceChildren(...chips);
    at("chips").hidden = !chips.length;
    const n = Object.keys(filters).length;
    at("close-facets").textContent = `Show ${hmix.counted(judgments, "judgment")}`;
    at("open-facets").textContent = n ? `Filters (${n})` : "Filters";
  };

  /** Say that nothing is selected, and what to do: the filter without which most judgments come back is offered. */
  hmix.writeNothing = ({ summary, selection, filters }, choose, clear) => {
    at("nothing").hidden = summary.judgments > 0;
    if (summary.judgments) return;
    const [name, n] = Object.keys(filters)
      .map((each) => [each, selection.onlyBy(each)])
      .sort((one, other) => other[1] - one[1])[0] ?? ["", 0];
    const without = n > 0 && [" Without ", h("code", {}, name), ` there are ${hmix.counted(n, "judgment")}: `, h("button.link", { type: "button", onclick: () => choose(name, []) }, "remove it"), ", or "];
    at("nothing").replaceChildren(...[h("b", {}, "No judgment matches."), ...(without || [" "]), h("button.link", { type: "button", onclick: clear }, n ? "show all" : "Show all judgments"), "."]);
  };

  /** Say what in the address could not be read. */
  hmix.writeNotices = (texts) => at("notices").replaceChildren(...texts.map((text) => h("p.notice", {}, text)));

  /** Fill the list of ways to sort. */
  hmix.writeSorts = (sorts, current, order) => {
    at("sort").replaceChildren(...Object.entries(sorts).map(([name, { label }]) => h("option", { value: name, selected: name === current }, label)));
    at("order").textContent = order === "up" ? "↑" : "↓";
    at("order").setAttribute("aria-label", order === "up" ? "Smallest first; press for the largest first" : "Largest first; press for the smallest first");
  };

  /** Show that something is being loaded, or why it is not. */
  hmix.writeState = (text, isFault = false) => {
    at("state-text").textContent = text;
    at("state").classList.toggle("fault", isFault);
    at("state").hidden = !text;
    at("state").querySelector("progress").hidden = isFault;
    at("state").setAttribute("role", isFault ? "alert" : "status");
  };
})();
