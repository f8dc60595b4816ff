"use strict";
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const shown = document.getElementById("shown"), none = document.getElementById("none-shown");
  const names = ["verdict", "family", "level", "severity", "clause", "text"];
  const field = (name) => form.elements.namedItem(name);
  const entries = [...document.querySelectorAll("[data-case]")].map((node) => ({
    node, data: node.dataset, counts: node.closest("#cases") !== null, words: node.textContent.toLowerCase(),
  }));
  const total = entries.filter((entry) => entry.counts).length;
  const containers = [...document.querySelectorAll(".clause, .reason")].map((node) => ({
    node, open: node.open, inside: [...node.querySelectorAll("[data-case]")],
  }));

  function fits({ data, words }, wanted) {
    return ["verdict", "family", "level", "severity"].every((name) => !wanted[name] || data[name] === wanted[name])
      && (!wanted.clause || data.clauses.includes(`|${wanted.clause}|`))
      && (!wanted.text || wanted.text.toLowerCase().split(/\s+/).every((word) => words.includes(word)));
  }

  // Hides what is not asked for. Without a filter the page is as it was written.
  function apply() {
    const wanted = Object.fromEntries(names.map((name) => [name, field(name).value.trim()]));
    const active = names.some((name) => wanted[name]);
    let count = 0;
    for (const entry of entries) {
      const fit = fits(entry, wanted);
      entry.node.hidden = !fit;
      if (fit && entry.counts) count += 1;
    }
    for (const { node, open, inside } of containers) {
      const some = inside.some((row) => !row.hidden);
      node.hidden = active && !some;
      if (node.open !== undefined) node.open = active ? some : open;
    }
    none.hidden = count > 0;
    form.classList.toggle("active", active);
    shown.textContent = active ? `${count} of ${total} cases` : `${total} cases`;
  }

  // The address says what is shown, so that it can be passed on.
  function remember() {
    const chosen = new URLSearchParams(names.filter((name) => field(name).value.trim()).map((name) => [name, field(name).value.trim()]));
    const base = location.href.split("#")[0];
    const address = chosen.toString() ? `${base}#${chosen}` : base;
    try { history.replaceState(null, "", address); } catch { location.hash = chosen.toString(); }
  }

  let named = null;
  function show(node) {
    if (node.closest("[hidden]")) {
      for (const name of names) field(name).value = "";
      apply();
    }
    for (let outer = node.parentElement; outer; outer = outer.parentElement) if (outer.tagName === "DETAILS") outer.open = true;
    if (named) named.classList.remove("named");
    named = node;
    node.classList.add("named");
    node.tabIndex = -1;
    node.scrollIntoView();
    node.focus({ preventScroll: true });
  }

  // #case=ID leads to a case, #verdict=fail&family=nonce to a choice of them, anything else to a part of the page.
  function follow() {
    const hash = location.hash.slice(1);
    const asked = new URLSearchParams(hash);
    if (asked.has("case")) {
      const found = entries.find(({ node, data }) => node.id && data.case === asked.get("case"));
      if (found) show(found.node);
    } else if (names.some((name) => asked.has(name))) {
      for (const name of names) {
        const value = asked.get(name) || "";
        field(name).value = value;
        // A choice that this page does not have chooses nothing, and says so by being empty.
        if (field(name).value !== value) field(name).value = "";
      }
      apply();
    } else if (hash.startsWith("case-")) {
      const node = document.getElementById(hash);
      if (node) show(node);
    }
  }

  for (const link of document.querySelectorAll("a[data-shows]")) {
    link.href = `#${new URLSearchParams({ verdict: link.dataset.shows, clause: link.dataset.clause })}`;
    link.addEventListener("click", () => setTimeout(() => document.getElementById("cases").scrollIntoView()));
  }
  for (const link of document.querySelectorAll("a.permalink")) {
    link.href = `#${new URLSearchParams({ case: link.closest("[data-case]").dataset.case })}`;
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field("text").focus();
    } else if (event.key === "Escape" && event.target === field("text")) {
      form.reset();
    }
  });
  window.addEventListener("hashchange", follow);
  form.hidden = false;
  apply();
  follow();
})();
