"use strict";
// The explorer: what is in the address is shown, and what is pressed goes into the address.

(() => {
  const PATIENCE_MS = 500;
  const PANES = { stimuli: "Stimuli", figures: "Figures", code: "Code" };
  const { h } = hmix;
  const at = (id) => document.getElementById(id);

  class Explorer {
    constructor(metadata) {
      this.metadata = metadata;
      this.flags = Object.keys(metadata.flags);
      this.tasks = new Map();
      this.pictures = new hmix.Pictures(metadata, () => this._picturesCame());
      this.gallery = new hmix.Gallery(at("gallery"));
      this.panel = new hmix.Panel(at("figures"), (name, texts) => this.choose(name, texts));
      this.code = new hmix.CodeBox(at("code"));
      this.turn = 0;
      this.scrolled = 0;
      this.notices = [];
      this.opened = new Map();
    }

    async start() {
      hmix.writeAbout(this.metadata);
      at("sort").addEventListener("change", () => this.go({ sort: at("sort").value, order: "" }));
      at("order").addEventListener("click", () => this.go({ order: this.view.orderName === "up" ? "" : "up" }));
      this._setUpPanes();
      this._setUpDrawer();
      history.scrollRestoration = "manual";
      window.addEventListener("hashchange", () => location.hash !== this.shownHash && this.render());
      await this.render();
    }

    /** Load a task once; its selection keeps what the filters have turned away. */
    load(task) {
      return hmix.once(this.tasks, task.name, async () => {
        const data = await hmix.loadTask(task);
        data.k = this.metadata.classes.length;
        return { data, selection: new hmix.Selection(data), known: hmix.knownOf(this.metadata, data), sorts: hmix.sortsOf(data, this.metadata.classes) };
      });
    }

    /** Show what the address says, or why it cannot be shown. */
    async render() {
      const turn = ++this.turn;
      this.shownHash = location.hash;
      try {
        await this._show(turn);
      } catch (error) {
        if (turn !== this.turn) return;
        at("main").dataset.view = "loading";
        this._tell([]);
        cannotLoad(error);
      }
    }

    async _show(turn) {
      const asked = hmix.readAddress(location.hash);
      const notices = [];
      const task = this._task(asked, notices);
      if (!this.view || this.view.data.task !== task) hmix.writeState(`Loading ${task.title}`);
      this.pictures.retry();
      const [loaded] = await Promise.all([this.load(task), hmix.once(this.opened, "pictures", () => this.pictures.open())]);
      if (turn !== this.turn) return;
      const isNewTask = this.view?.data !== loaded.data;
      this._select(loaded, asked, notices);
      if (isNewTask) this._newTask(loaded);
      hmix.writeState("");
      await this._showView(asked, notices, turn);
      if (turn === this.turn) this._tell(notices);
    }

    /** Tell what could not be read of the address, and what pictures are missing. */
    _tell(notices) {
      this.notices = notices;
      const { failed } = this.pictures;
      hmix.writeNotices(failed ? [...notices, `Pictures are missing: ${failed}.`] : notices);
    }

    _task({ task: name }, notices) {
      const found = hmix.taskNamed(this.metadata.tasks, name);
      if (name && found.name !== name) notices.push(`There is no task “${name}” here; showing another one.`);
      return found;
    }

    /** Apply the filters and the order that were asked for, as far as they can be read. */
    _select({ data, selection, known, sorts }, asked, notices) {
      const named = new Map(data.task.filters.map((filter) => [filter.name, filter]));
      const [filters, chosen] = [{}, new Map()];
      for (const [name, texts] of Object.entries(asked.filters)) {
        const filter = named.get(name);
        if (!filter) {
          notices.push(`${data.task.title} has no filter “${name}”. It is ignored.`);
          continue;
        }
        const read = texts.slice(0, filter.kind === "truth" ? 1 : undefined).map((text) => [text, hmix.readValue(filter, text, known, (notice) => notices.push(notice))]);
        const good = read.filter(([, value]) => value !== null);
        if (!good.length) continue;
        filters[name] = [...new Set(good.map(([text, value]) => hmix.writeValue(filter, value, text, known)))];
        chosen.set(name, good.map(([, value]) => value));
      }
      selection.set(chosen);
      const summary = hmix.summarise(data, selection);
      const isSort = Object.hasOwn(sorts, asked.sort);
      if (asked.sort && !isSort) notices.push(`There is no sort order “${asked.sort}”.`);
      const sort = isSort ? asked.sort : Object.keys(sorts)[0];
      const orderName = asked.order === "up" ? "up" : "down";
      this.view = {
        data, selection, summary, filters, sort, orderName,
        order: hmix.sorted(summary, sorts[sort], orderName),
        sorts,
        classes: this.metadata.classes,
        flags: this.flags,
        walk: this.metadata.walk,
        model: this.metadata.model,
        pictures: this.pictures,
        hrefOf: (s) => this.href({ stimulus: data.keys[s] }),
        participantHref: (name) => this.href({ participant: name, stimulus: "" }),
        hrefOfKey: (task, key) => this.href({ task, stimulus: key, participant: "", filters: task === data.task.name ? filters : {} }),
      };
    }

    /** Return the address of the view with some changes. */
    href(changes) {
      const { data, filters, sort, orderName, sorts } = this.view;
      const isFirst = sort === Object.keys(sorts)[0];
      const own = { task: data.task.name, filters, sort: isFirst ? "" : sort, order: orderName === "up" ? "up" : "", stimulus: "", participant: "" };
      return hmix.writeAddress({ ...own, ...changes });
    }

    /** Go to the view with some changes. */
    go(changes) {
      location.hash = this.href(changes);
      return this.render();
    }

    /** Let a filter have these texts; none takes it away. */
    choose(name, texts) {
      const filters = { ...this.view.filters, [name]: texts };
      if (!texts.length) delete filters[name];
      return this.go({ filters });
    }

    _newTask({ data, known }) {
      this.facets = new hmix.Facets(data, known, (name, texts) => this.choose(name, texts));
      this.facetHost.replaceChildren(this.facets.node);
      this.scrolled = 0;
    }

    async _showView(asked, notices, turn) {
      const { view } = this;
      const clear = () => this.go({ filters: {} });
      hmix.writeTasks(this.metadata, view.data.task, (task) => this._hrefOfTask(task));
      hmix.writeChips(view.filters, view.summary.judgments, (name, texts) => this.choose(name, texts), clear);
      hmix.writeSorts(view.sorts, view.sort, view.orderName);
      hmix.writeNothing(view, (name, texts) => this.choose(name, texts), clear);
      const counts = hmix.writeCounts(view);
      this.facets.update(view);
      this.code.update(view.data.task, view.filters);
      const page = await this._page(asked, notices);
      if (turn !== this.turn) return;
      const wasPage = at("main").dataset.view === "page";
      if (page) {
        if (!wasPage) this.scrolled = window.scrollY;
        this._openPage(page);
        return;
      }
      at("main").dataset.view = "gallery";
      at("page").hidden = true;
      this.page = null;
      this.gallery.show(view);
      if (wasPage) {
        window.scrollTo(0, this.scrolled);
        this.gallery.focus(this.gallery.focused);
      } else hmix.announce(counts);
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.showFigures());
    }

    /** Draw the figures, in the frame after the stimuli. */
    async showFigures() {
      const { turn } = this;
      if (!window.Plot) {
        await Promise.race([this.pictures.painted, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
        try {
          await hmix.loadFigures();
        } catch (error) {
          if (turn === this.turn) this._tell([...new Set([...this.notices, `The figures cannot be drawn: ${error.message}.`])]);
          return;
        }
      }
      if (turn === this.turn && !this.page) this.panel.show(this.view);
    }

    _hrefOfTask(task) {
      const known = new Set(task.filters.map(({ name }) => name));
      const filters = Object.fromEntries(Object.entries(this.view.filters).filter(([name]) => known.has(name)));
      return this.href({ task: task.name, filters, sort: "", order: "" });
    }

    /** Return the page that the address asks for; null where it asks for none that there is. */
    async _page({ stimulus, participant }, notices) {
      if (!stimulus && !participant) return null;
      const others = await Promise.all(this.metadata.tasks.map((task) => this.load(task)));
      if (stimulus) {
        const s = this.view.data.byKey.get(stimulus);
        if (s !== undefined) return hmix.stimulusPage(this.view, s, others);
        notices.push(`There is no stimulus “${stimulus}” in this task.`);
        return null;
      }
      if (this.view.data.people.includes(participant)) {
        await hmix.loadFigures();
        return hmix.participantPage(this.view, participant, others, at("main").clientWidth);
      }
      notices.push(`There is no participant “${participant}”.`);
      return null;
    }

    _openPage(page) {
      this.page = page;
      const asked = hmix.readAddress(location.hash);
      const place = asked.stimulus ? this.view.order.indexOf(this.view.data.byKey.get(asked.stimulus)) : -1;
      const neighbour = (step, words) => {
        const s = place < 0 ? undefined : this.view.order[place + step];
        return s === undefined ? null : h("a.button", { href: this.view.hrefOf(s) }, words);
      };
      const heading = h("h2", { tabindex: "-1" }, page.title, " ", h("small", {}, page.subtitle));
      const filters = asked.participant && hmix.filtersOf(this.view.data, asked.participant);
      const filter = filters ? h("a.button", { href: this.href({ filters }) }, "Their stimuli") : null;
      at("page").replaceChildren(h("div.page-head", {}, h("a.button", { href: this.href({}) }, "← All stimuli"), h("span.steps", {}, neighbour(-1, "Previous"), neighbour(1, "Next"), filter)), heading, page.node);
      at("main").dataset.view = "page";
      at("page").hidden = false;
      window.scrollTo(0, 0);
      heading.focus({ preventScroll: true });
    }

    _picturesCame() {
      cancelAnimationFrame(this.painting);
      this.painting = requestAnimationFrame(() => {
        this.pictures.markPainted();
        if (this.page) this.page.repaint();
        this.gallery.repaint();
        this._tell(this.notices);
      });
    }

    _setUpPanes() {
      const show = (pane) => {
        at("main").dataset.pane = pane;
        buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.pane === pane));
        if (pane === "stimuli") this.gallery.show(this.view);
        else this.showFigures();
      };
      const buttons = Object.entries(PANES).map(([pane, words]) => h("button", { type: "button", "data-pane": pane, "aria-pressed": String(pane === "stimuli"), onclick: () => show(pane) }, words));
      at("panes").replaceChildren(...buttons);
    }

    /** Put the facets beside the stimuli, or on a narrow screen into a drawer. */
    _setUpDrawer() {
      const narrow = matchMedia("(max-width: 899px)");
      const drawer = at("drawer");
      this.facetHost = h("div.facet-host");
      const place = () => {
        if (drawer.open) drawer.close();
        (narrow.matches ? drawer : at("facets")).append(this.facetHost);
      };
      narrow.addEventListener("change", place);
      place();
      at("open-facets").addEventListener("click", () => drawer.showModal());
      at("close-facets").addEventListener("click", () => drawer.close());
      drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
    }
  }

  const cannotLoad = (error) => {
    hmix.writeState(`The data cannot be loaded: ${error.message}. Is the folder complete?`, true);
    console.error(error);
  };

  const begin = async () => {
    try {
      const { metadata } = hmix;
      if (!metadata) throw new Error("data/explorer.js is missing");
      if (metadata.format !== hmix.FORMAT) {
        hmix.writeState(`These data are of format ${metadata.format}, and this page reads format ${hmix.FORMAT}: write them again with the same version of hmix-hub (theirs is ${metadata.version}).`, true);
        return;
      }
      hmix.explorer = new Explorer(metadata);
      await hmix.explorer.start();
    } catch (error) {
      cannotLoad(error);
    }
  };

  begin();
})();
