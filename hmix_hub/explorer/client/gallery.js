"use strict";
// The gallery: a grid of which only what is in sight exists, so that ten thousand stimuli scroll as ten do.

(() => {
  const { h } = hmix;
  const WIDTH = 132;
  const GAP = 10;
  const HEIGHTS = { track: 190, shares: 218 };
  const SPARE = 2;

  /** Make the gallery in an element; `view` has the data, the summary and the order. */
  hmix.Gallery = class {
    constructor(host) {
      this.grid = h("div.grid", { role: "grid", "aria-label": "Stimuli", "aria-describedby": "grid-help" });
      host.append(this.grid);
      this._rows = [];
      this._focused = 0;
      this.grid.addEventListener("keydown", (event) => this._move(event));
      this.grid.addEventListener("focusin", (event) => this._followFocus(event));
      const again = () => this._draw();
      window.addEventListener("scroll", again, { passive: true });
      new ResizeObserver(() => this._measure()).observe(host);
    }

    /** Show stimuli in an order. */
    show(view) {
      const isNew = !this.view || view.data !== this.view.data;
      this.view = view;
      this._focused = isNew ? 0 : Math.min(this._focused, Math.max(view.order.length - 1, 0));
      this._measure(true);
    }

    /** Draw the pictures that have come since. */
    repaint() {
      if (this.view) for (const row of this._rows) for (const tile of row.tiles) if (tile.stimulus >= 0) tile.paint(this.view);
    }

    _measure(changed = false) {
      if (!this.view) return;
      const width = this.grid.clientWidth;
      if (!width) return;
      const columns = Math.max(Math.floor((width + GAP) / (WIDTH + GAP)), 2);
      const height = hmix.isOverClasses(this.view.data.task) ? HEIGHTS.shares : HEIGHTS.track;
      if (columns !== this.columns || height !== this.height) changed = true;
      if (!changed) return;
      [this.columns, this.height] = [columns, height];
      this.rowCount = Math.ceil(this.view.order.length / columns);
      this.grid.style.height = `${Math.max(this.rowCount * (height + GAP) - GAP, 0)}px`;
      this.grid.style.setProperty("--columns", columns);
      this.grid.style.setProperty("--tile", `${height}px`);
      this.grid.setAttribute("aria-rowcount", this.rowCount);
      this.grid.setAttribute("aria-colcount", columns);
      for (const row of this._rows) row.number = -1;
      this._draw();
    }

    _draw() {
      if (!this.view || !this.columns || !this.grid.clientWidth) return;
      const top = -this.grid.getBoundingClientRect().top;
      const each = this.height + GAP;
      const first = Math.max(Math.floor(top / each) - SPARE, 0);
      const last = Math.min(Math.ceil((top + window.innerHeight) / each) + SPARE, this.rowCount);
      const wanted = new Set();
      for (let number = first; number < last; number++) wanted.add(number);
      const focusedRow = Math.floor(this._focused / this.columns);
      if (focusedRow < this.rowCount) wanted.add(focusedRow);
      const free = [];
      for (const row of this._rows) {
        if (row.number >= 0 && wanted.has(row.number)) wanted.delete(row.number);
        else free.push(row);
      }
      for (const number of wanted) this._fill(free.pop() ?? this._newRow(), number);
      for (const row of free) {
        row.number = -1;
        row.node.hidden = true;
      }
      if (wanted.size) this._order();
    }

    /** Put rows into the order in which they are read; the one with the focus stays in its place, or would lose it. */
    _order() {
      const rows = this._rows.filter(({ number }) => number >= 0).sort((a, b) => a.number - b.number);
      const fixed = rows.find(({ node }) => node.contains(document.activeElement)) ?? null;
      let isBefore = fixed !== null;
      for (const row of rows) {
        if (row === fixed) isBefore = false;
        else this.grid.insertBefore(row.node, isBefore ? fixed.node : null);
      }
    }

    _newRow() {
      const row = { node: h("div.row", { role: "row" }), tiles: [], number: -1 };
      this._rows.push(row);
      this.grid.append(row.node);
      return row;
    }

    _fill(row, number) {
      row.number = number;
      row.node.hidden = false;
      row.node.setAttribute("aria-rowindex", number + 1);
      row.node.style.transform = `translateY(${number * (this.height + GAP)}px)`;
      while (row.tiles.length < this.columns) {
        const tile = new hmix.Tile();
        row.tiles.push(tile);
        row.node.append(tile.cell);
      }
      row.tiles.forEach((tile, column) => {
        const place = number * this.columns + column;
        if (column >= this.columns || place >= this.view.order.length) {
          tile.hide();
          return;
        }
        tile.place = place;
        tile.show(this.view, this.view.order[place], column);
        tile.link.tabIndex = place === this._focused ? 0 : -1;
      });
    }

    _tileAt(place) {
      const row = this._rows.find(({ number }) => number === Math.floor(place / this.columns));
      return row?.tiles[place % this.columns];
    }

    _followFocus(event) {
      const tile = this._rows.flatMap(({ tiles }) => tiles).find(({ link }) => link === event.target);
      if (!tile || tile.place === this._focused) return;
      const before = this._tileAt(this._focused);
      if (before) before.link.tabIndex = -1;
      this._focused = tile.place;
      tile.link.tabIndex = 0;
    }

    _move(event) {
      const page = Math.max(Math.floor(window.innerHeight / (this.height + GAP)) - 1, 1) * this.columns;
      const last = this.view.order.length - 1;
      const rowStart = this._focused - (this._focused % this.columns);
      const steps = {
        ArrowRight: this._focused + 1,
        ArrowLeft: this._focused - 1,
        ArrowDown: this._focused + this.columns,
        ArrowUp: this._focused - this.columns,
        PageDown: Math.min(this._focused + page, last),
        PageUp: Math.max(this._focused - page, 0),
        Home: event.ctrlKey ? 0 : rowStart,
        End: event.ctrlKey ? last : Math.min(rowStart + this.columns - 1, last),
      };
      if (!(event.key in steps) || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.focus(steps[event.key]);
    }

    /** Move the focus to a place in the order, and bring it into sight. */
    focus(place) {
      if (place < 0 || place >= this.view.order.length) return;
      const before = this._tileAt(this._focused);
      if (before) before.link.tabIndex = -1;
      this._focused = place;
      this._draw();
      const { link } = this._tileAt(place);
      link.tabIndex = 0;
      link.focus({ preventScroll: true });
      link.scrollIntoView({ block: "nearest" });
    }

    /** Return the place of the tile that has, or had, the focus. */
    get focused() {
      return this._focused;
    }
  };
})();
