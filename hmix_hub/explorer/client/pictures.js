"use strict";
// Pictures: endpoints come in sheets, and mixtures are computed here, bit for bit as people saw them.

(() => {
  /** Mix two rows of bytes as `hmix_hub.render` does: doubles, cut to whole numbers and not rounded. */
  hmix.mixBytes = (one, two, c) => {
    const mixed = new Uint8ClampedArray(one.length);
    for (let i = 0; i < one.length; i++) mixed[i] = Math.trunc(((c * one[i] + (1 - c) * two[i]) / 255) * 255);
    for (let i = 3; i < mixed.length; i += 4) mixed[i] = 255;
    return mixed;
  };

  const pixelsOf = async (bytes) => {
    const blob = new Blob([bytes], { type: "image/png" });
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, bitmap.width, bitmap.height);
  };

  /** Pictures of the folder: loaded as they are asked for. */
  hmix.Pictures = class {
    constructor(metadata, changed) {
      this.info = metadata.pictures;
      this.count = this.info.count;
      this.hasMixtures = metadata.has_mixtures;
      this._changed = changed;
      this._loaded = new Map();
      this._failed = new Map();
      // Figures wait for the first pictures, which are looked at first.
      this.painted = new Promise((resolve) => (this.markPainted = resolve));
    }

    /** Load the table of pictures, and that of ready-made mixtures. */
    async open() {
      if (!this.count) return;
      const names = ["pictures.arrow", ...(this.hasMixtures ? ["mixtures.arrow"] : [])];
      [this.table, this.mixtures] = (await Promise.all(names.map(hmix.loadBytes))).map(hmix.readTable);
    }

    _value(name, n) {
      return this.table.column(name).values[n];
    }

    /** Return the pixels of a file; null while it is loading. */
    _pixels(file) {
      if (!this._loaded.has(file)) {
        this._loaded.set(file, null);
        hmix
          .loadBytes(file)
          .then(pixelsOf)
          .then((pixels) => this._loaded.set(file, pixels))
          .catch((error) => this._failed.set(file, error.message))
          .then(this._changed);
      }
      return this._loaded.get(file);
    }

    /** What could not be loaded, in words; empty if nothing. */
    get failed() {
      return [...this._failed.values()].join("; ");
    }

    /** Let what could not be loaded be loaded again when it is next asked for. */
    retry() {
      for (const file of this._failed.keys()) this._loaded.delete(file);
      this._failed.clear();
    }

    /** Return a picture as ImageData; null while its sheet is loading. */
    picture(n) {
      const [columns, rows] = this.info.per_sheet;
      const [tileHeight, tileWidth] = this.info.tile;
      const sheet = this._pixels(hmix.sheetName(Math.floor(n / (columns * rows))));
      if (!sheet) return null;
      const place = n % (columns * rows);
      const [left, top] = [(place % columns) * tileWidth, Math.floor(place / columns) * tileHeight];
      const [width, height] = [this._value("tile_width", n), this._value("tile_height", n)];
      const bytes = new Uint8ClampedArray(4 * width * height);
      for (let y = 0; y < height; y++) {
        const from = 4 * ((top + y) * sheet.width + left);
        bytes.set(sheet.data.subarray(from, from + 4 * width), 4 * width * y);
      }
      return new ImageData(bytes, width, height);
    }

    /** Return a picture in its own size; until that is there, as its tile has it. */
    large(n) {
      return (this._value("has_original", n) && this._pixels(`pictures/${n}.png`)) || this.picture(n);
    }

    /** Return what is shown of a stimulus at a coefficient: ImageData, null while it loads, undefined if there is none. */
    shown(stimuli, s, coefficient, isLarge = false) {
      const [a, b] = this._parts(stimuli, s, coefficient).map((n) => (isLarge ? this.large(n) : this.picture(n)));
      if (!a || b === undefined) return a;
      // While one of two large pictures is loading, the tiles are mixed.
      if (b && a.data.length !== b.data.length) return this.shown(stimuli, s, coefficient);
      return b && new ImageData(hmix.mixBytes(a.data, b.data, coefficient), a.width, a.height);
    }

    /** Return the numbers of the pictures shown: one as it is, two that are mixed, or none. */
    _parts(stimuli, s, coefficient) {
      if (!this.count) return [];
      const value = (name) => stimuli.column(name).values[s];
      if (value("picture") >= 0 && coefficient === value("mixing_coefficient")) return [value("picture")];
      const [one, two] = [value("image_1"), value("image_2")];
      return value("can_mix") ? [one, two] : [this._unmixed(one, two, coefficient)].filter((n) => n >= 0);
    }

    _unmixed(one, two, coefficient) {
      if (this.mixtures) {
        const column = (name) => this.mixtures.column(name).values;
        const [firsts, seconds, levels] = ["image_1", "image_2", "mixing_coefficient"].map(column);
        for (let i = 0; i < this.mixtures.n; i++)
          if (firsts[i] === one && seconds[i] === two && Math.abs(levels[i] - coefficient) < 1e-9) return column("picture")[i];
      }
      if (two < 0 || coefficient === 1) return one;
      return coefficient === 0 ? two : -1;
    }
  };

  /** Put a picture on a canvas, which takes its size; an empty one where there is none. */
  hmix.paint = (canvas, image) => {
    const [width, height] = image ? [image.width, image.height] : [1, 1];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    if (image) context.putImageData(image, 0, 0);
    else context.clearRect(0, 0, 1, 1);
    canvas.classList.toggle("loading", image === null);
    canvas.classList.toggle("absent", image === undefined);
  };
})();
