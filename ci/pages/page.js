"use strict";
/* The page works without this: all views stand below each other then. With it
 * one view shows at a time, the matrix can be filtered, and each case has a page
 * of its own, `#case/ID`. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const views = [...document.querySelectorAll("main > section.view")];
  const links = [...document.querySelectorAll("nav.views a")];
  const rows = [...document.querySelectorAll("#matrix tr.case")];
  const ids = rows.map((row) => row.dataset.id);
  const form = byId("filter");
  let shown = null;

  /* --- Elements ---------------------------------------------------------- */

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined) {
        element.setAttribute(key, value);
      }
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  function link(address, text) {
    return make("a", { href: address }, text);
  }

  /* --- Filter ------------------------------------------------------------ */

  const wanted = {
    all: () => true,
    red: (cells) => /[chfxu]/.test(cells),
    differs: (cells) => /[er]/.test(cells),
    skipped: (cells) => /s/.test(cells),
    everywhere: (cells) => /^[p ]+$/.test(cells),
    split: (cells) => new Set(cells.replace(/ /g, "")).size > 1,
  };

  function filter() {
    const area = form.area.value;
    const test = wanted[form.outcome.value];
    const words = form.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const worlds = [...form.querySelectorAll("[name=world]")];
    const off = new Set(
      worlds.filter((box) => !box.checked).map((box) => box.value));
    const on = data.platforms
      .map((platform, i) => (off.has(platform.world) ? -1 : i))
      .filter((i) => i >= 0);
    let count = 0;

    const table = document.querySelector("#matrix table");
    for (const box of worlds) {
      table.classList.toggle(`no-${box.value}`, !box.checked);
    }
    for (const row of rows) {
      const cells = on.map((i) => row.dataset.cells[i]).join("");
      const good =
        (area === "" || row.dataset.area === area) && test(cells) &&
        words.every((word) => row.dataset.text.includes(word));
      row.hidden = !good;
      count += good ? 1 : 0;
    }
    document.querySelectorAll("#matrix tbody").forEach((body) => {
      body.hidden = !body.querySelector("tr.case:not([hidden])");
    });
    byId("count").textContent = `${count} of ${rows.length} cases`;
    byId("none").hidden = count > 0;
  }

  /* The filter stands in the address, so that it can be sent. */
  function filterToHash() {
    const query = new URLSearchParams();
    for (const name of ["area", "outcome", "text"]) {
      if (form[name].value && form[name].value !== "all") {
        query.set(name, form[name].value);
      }
    }
    const text = query.toString();
    history.replaceState(null, "", text ? `#matrix?${text}` : "#matrix");
  }

  function filterFromHash(query) {
    const values = new URLSearchParams(query);
    form.area.value = values.get("area") || "";
    form.outcome.value = values.get("outcome") || "all";
    form.text.value = values.get("text") || "";
    filter();
  }

  /* --- A case ------------------------------------------------------------ */

  function fact(name, ...value) {
    return make("tr", {}, make("th", { scope: "row" }, name),
      make("td", {}, ...value));
  }

  function runsTable(found) {
    const head = make("tr", {}, make("th", { scope: "col" }, "platform"),
      ...found.variants.map((variant) =>
        make("th", { scope: "col" }, variant || "one run")));
    const body = data.platforms.map((platform, i) => {
      const letters = found.letters[i];
      if (!letters.trim()) {
        return null;
      }
      return make("tr", {}, make("th", { scope: "row" }, platform.label),
        ...[...letters].map((letter) =>
          make("td", { class: `cell ${letter.trim() || "n"}` },
            `${data.signs[letter]} ${data.words[letter]}`)));
    });
    return make("div", { class: "scroll", tabindex: "0", role: "region",
      "aria-label": "results" },
      make("table", { class: "runs" }, make("thead", {}, head),
        make("tbody", {}, ...body)));
  }

  /* What was said of runs that did not simply pass, each text once. */
  function notes(found) {
    return found.notes.map((note) => {
      const bad = "chfxu".includes(note.letter);
      const element = make("div", { class: `note ${bad ? "fail" : "differ"}` },
        make("strong", {}, data.words[note.letter]),
        make("span", { class: "quiet" }, " on " +
          note.where.map(([platform, variants]) =>
            data.platforms[platform].label +
            (variants.length === found.variants.length
              ? "" : ` (${variants.join(", ")})`)).join("; ")));
      if (note.reason) {
        const line = make("p", {}, `${note.reason}. Evidence: `);
        line.insertAdjacentHTML("beforeend", note.link);
        element.append(line);
      }
      if (note.message) {
        element.append(make("pre", {}, note.message));
      }
      return element;
    });
  }

  function showCase(id) {
    const found = data.cases[id];
    const place = byId("case");
    const at = ids.indexOf(id);
    if (!found) {
      place.replaceChildren(make("h2", {}, id),
        make("p", {}, "No report knows this case."));
      return;
    }
    const museum = found.museum.flatMap((bug) =>
      [link(`#museum/${bug}`, bug), " "]);
    place.replaceChildren(
      make("p", { class: "back" }, link("#matrix", "All cases"),
        at > 0 ? link(`#case/${ids[at - 1]}`, "Previous") : null,
        at + 1 < ids.length ? link(`#case/${ids[at + 1]}`, "Next") : null),
      make("h2", { class: "id", tabindex: "-1" }, id),
      make("p", {}, found.requirement),
      make("table", { class: "facts" },
        fact("function", make("code", {}, found.function)),
        fact("outcome", make("code", {}, found.outcome)),
        fact("modes", found.modes.join(", ") || "any one"),
        fact("source", link(found.address, found.source)),
        museum.length ? fact("known bugs", ...museum) : null,
        fact("written in", link(found.file_address,
          `${found.file}:${found.line}`)),
        fact("repeat", make("code", {}, `npipe-conformance --filter ${id}`))),
      make("h3", {}, "Results"), runsTable(found), ...notes(found));
    place.querySelector("h2").focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  /* --- Which view shows -------------------------------------------------- */

  function route() {
    const hash = decodeURIComponent(location.hash.slice(1)) || "matrix";
    const [path, query] = hash.split("?");
    const slash = path.indexOf("/");
    const name = slash < 0 ? path : path.slice(0, slash);
    const rest = slash < 0 ? "" : path.slice(slash + 1);
    const view = byId(name);
    const known = views.includes(view) ? view : byId("matrix");

    views.forEach((other) => { other.hidden = other !== known; });
    links.forEach((other) => {
      const here = other.hash === `#${known.id}` ||
        (known.id === "case" && other.hash === "#matrix");
      if (here) {
        other.setAttribute("aria-current", "page");
        other.parentElement.scrollLeft = other.offsetLeft - 40;
      } else {
        other.removeAttribute("aria-current");
      }
    });
    if (known.id === "case") {
      showCase(rest);
    } else if (known.id === "matrix") {
      if (query !== undefined) {
        filterFromHash(query);
      }
      if (shown && shown.id === "case") {
        const row = rows.find((each) => each.dataset.id === shown.rest);
        const target = row && !row.hidden && row.querySelector("a");
        if (target) {
          target.focus();
          row.scrollIntoView({ block: "center" });
        }
      }
    } else if (rest) {
      const target = byId(`${name}/${rest}`);
      if (target) {
        target.scrollIntoView({ block: "start" });
        target.focus({ preventScroll: true });
      }
    }
    shown = { id: known.id, rest };
  }

  /* --- Keys and colours -------------------------------------------------- */

  function move(step) {
    const open = rows.filter((row) => !row.hidden);
    const here = open.indexOf(document.activeElement.closest("tr.case"));
    const next = open[Math.max(0, Math.min(open.length - 1, here + step))];
    if (next) {
      next.querySelector("a").focus();
      next.scrollIntoView({ block: "nearest" });
    }
  }

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key === "Escape") {
      if (shown.id === "case") {
        location.hash = "#matrix";
      } else if (typing) {
        form.text.value = "";
        filter();
        filterToHash();
      }
    } else if (typing) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      location.hash = "#matrix";
      form.text.focus();
    } else if (event.key === "j" || event.key === "k") {
      const step = event.key === "j" ? 1 : -1;
      if (shown.id === "case") {
        const id = ids[ids.indexOf(shown.rest) + step];
        if (id) {
          location.hash = `#case/${id}`;
        }
      } else if (shown.id === "matrix") {
        move(step);
      }
    }
  });

  const theme = byId("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    filter();
    filterToHash();
  });
  window.addEventListener("hashchange", route);
  filter();
  route();
})();
