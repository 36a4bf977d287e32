"use strict";
// The address: a view is all in the part after "#", so that it can be shared and that back and forward work.

(() => {
  const OWN = ["task", "sort", "order", "stimulus", "participant"];

  const encode = (text) => encodeURIComponent(text).replace(/%(3A|2C|2F|20)/g, (mark) => (mark === "%20" ? "+" : decodeURIComponent(mark)));
  const decode = (text) => {
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      return text;
    }
  };

  /** Read a view from the part of an address after "#": filters are texts by name, whatever they say. */
  hmix.readAddress = (hash) => {
    const view = { task: "", sort: "", order: "", stimulus: "", participant: "", filters: Object.create(null) };
    for (const part of hash.replace(/^#/, "").split("&").filter(Boolean)) {
      const [name, ...rest] = part.split("=");
      const [key, value] = [decode(name), decode(rest.join("="))];
      if (OWN.includes(key)) view[key] = value;
      else (view.filters[key] ??= []).push(value);
    }
    for (const [key, texts] of Object.entries(view.filters)) view.filters[key] = [...new Set(texts)];
    return view;
  };

  /** Write a view as the part of an address after "#", with it. */
  hmix.writeAddress = (view) => {
    const parts = [];
    const add = (key, value) => value && parts.push(`${encode(key)}=${encode(value)}`);
    add("task", view.task);
    for (const [key, texts] of Object.entries(view.filters)) texts.forEach((text) => add(key, text));
    for (const key of OWN.slice(1)) add(key, view[key]);
    return `#${parts.join("&")}`;
  };
})();
