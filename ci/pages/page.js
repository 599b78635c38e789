"use strict";
/* The page works without this: all views stand below each other then. With it
 * one view shows at a time, the differences and the matrix can be filtered, each
 * case has a page of its own, `#case/ID`, and `#search?q=WORDS` finds a word in
 * all views. A filter stands in the address, also in that of a case. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const views = [...document.querySelectorAll("main > section.view")];
  const links = [...document.querySelectorAll("nav.views a")];
  const rows = [...document.querySelectorAll("#matrix tr.case")];
  const ids = rows.map((row) => row.dataset.id);
  const form = byId("filter");
  const find = byId("find");
  const all = byId("all");
  const differences = [...document.querySelectorAll("tr.difference")];
  const shelf = byId("shelf"); /* null: no other program was judged */
  const HOME = "differences";
  const SEARCH_MAX = 30; /* hits of a kind that are listed */
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

  /* The filter stands in the address, so that it can be sent: of the view, and
   * of each case that is opened from there. */
  function filterQuery() {
    const query = new URLSearchParams();
    for (const name of ["area", "outcome", "text"]) {
      if (form[name].value && form[name].value !== "all") {
        query.set(name, form[name].value);
      }
    }
    const off = [...form.querySelectorAll("[name=world]")]
      .filter((box) => !box.checked).map((box) => box.value);
    if (off.length > 0) {
      query.set("without", off.join(" "));
    }
    const text = query.toString();
    return text ? `?${text}` : "";
  }

  function caseAddress(id) {
    return `#case/${id}${filterQuery()}`;
  }

  function filterToLinks() {
    const query = filterQuery();
    for (const other of links) {
      if (other.hash.startsWith("#matrix")) {
        other.href = `#matrix${query}`;
      }
    }
    for (const row of rows) {
      if (!row.hidden) {
        row.querySelector("a").href = `#case/${row.dataset.id}${query}`;
      }
    }
  }

  function filterToHash() {
    history.replaceState(null, "", `#matrix${filterQuery()}`);
    filterToLinks();
  }

  function filterFromHash(query) {
    const values = new URLSearchParams(query);
    const without = (values.get("without") || "").split(" ");
    form.area.value = values.get("area") || "";
    form.outcome.value = values.get("outcome") || "all";
    form.text.value = values.get("text") || "";
    for (const box of form.querySelectorAll("[name=world]")) {
      box.checked = !without.includes(box.value);
    }
    filter();
    filterToLinks();
  }

  /* --- The differences --------------------------------------------------- */

  function findDifferences() {
    const words = find.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const at = [...find.on.options].findIndex((o) => o.selected) - 1;
    let count = 0;
    for (const row of differences) {
      const body = row.closest("tbody");
      row.hidden = !(
        (find.topic.value === "" || body.dataset.topic === find.topic.value) &&
        (at < 0 || /[chfxuer]/.test(row.dataset.cells[at])) &&
        (find.promise.value === "" ||
          row.dataset.promise === find.promise.value) &&
        words.every((word) => row.dataset.text.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    document.querySelectorAll("table.differs tbody[data-topic]").forEach(
      (body) => {
        body.hidden = !body.querySelector("tr.difference:not([hidden])");
      });
    find.querySelector(".count").textContent =
      `${count} of ${differences.length} differences`;
    document.querySelector("#differences .none").hidden =
      count > 0 || differences.length === 0;
  }

  const FIND = ["text", "topic", "on", "promise"];

  function findToHash() {
    const query = new URLSearchParams();
    for (const name of FIND) {
      if (find[name].value) {
        query.set(name, find[name].value);
      }
    }
    const text = query.toString();
    const hash = text ? `#${HOME}?${text}` : `#${HOME}`;
    history.replaceState(null, "", hash);
    links.find((other) => other.hash.startsWith(`#${HOME}`)).href = hash;
  }

  function findFromHash(query) {
    const values = new URLSearchParams(query);
    for (const name of FIND) {
      find[name].value = values.get(name) || "";
    }
    findDifferences();
  }

  /* --- The libraries ----------------------------------------------------- */

  const SHELF = ["text", "subject", "result"];

  function sortShelf() {
    const place = byId("libraries");
    const words = shelf.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const subject = shelf.subject.value;
    const result = shelf.result.value;
    const judged = [...place.querySelectorAll("tr.judged")];
    let count = 0;
    for (const element of place.querySelectorAll("[data-subject]")) {
      element.hidden = subject !== "" && element.dataset.subject !== subject;
    }
    for (const row of judged) {
      const causes = [...row.querySelectorAll("td.cell:not([hidden])")]
        .map((cell) => cell.dataset.cause).filter(Boolean);
      row.hidden = !(
        (result === "" || (result === "fails" ? causes.length > 0
          : causes.includes(result))) &&
        words.every((word) => row.dataset.text.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    place.querySelectorAll("table tbody").forEach((body) => {
      body.hidden = !body.querySelector("tr.judged:not([hidden])");
    });
    shelf.querySelector(".count").textContent =
      `${count} of ${judged.length} cases`;
    place.querySelector(".none").hidden = count > 0;
  }

  function shelfToHash() {
    const query = new URLSearchParams();
    for (const name of SHELF) {
      if (shelf[name].value) {
        query.set(name, shelf[name].value);
      }
    }
    const text = query.toString();
    history.replaceState(null, "", `#libraries${text ? `?${text}` : ""}`);
  }

  function shelfFromHash(query) {
    const values = new URLSearchParams(query);
    for (const name of SHELF) {
      shelf[name].value = values.get(name) || "";
    }
    sortShelf();
  }

  /* --- Search over all --------------------------------------------------- */

  function textOf(element) {
    return element.textContent.replace(/\s+/g, " ").trim();
  }

  /* What can be found: a kind, a title, a text, and where it leads. */
  const things = (() => {
    let made = null;
    return () => {
      if (made) {
        return made;
      }
      made = differences.map((row) => ({ kind: "Differences",
        title: textOf(row.querySelector(".versus")), text: row.dataset.text,
        address: `#${row.id}` }));
      for (const row of rows) {
        const found = data.cases[row.dataset.id];
        made.push({ kind: "Cases", title: row.dataset.id,
          more: found.requirement, address: `#case/${row.dataset.id}`,
          text: `${row.dataset.text} ${found.source} ` +
            found.notes.map((note) => `${note.reason} ${note.message}`)
              .join(" ") });
      }
      document.querySelectorAll("table.promises tbody").forEach((body) => {
        const code = body.querySelector("code");
        if (!code) {
          return; /* A function of which no case tells. */
        }
        const name = textOf(code);
        made.push({ kind: "Promises", title: name, text: textOf(body),
          more: textOf(body.querySelector("a.quiet")),
          address: `#matrix?text=${name}` });
      });
      for (const [kind, selector] of [
        ["Skipped", "#skipped article"], ["Museum", "#museum article"],
        ["Open questions", "#questions article"],
        ["Changes", "#changes .note"], ["Libraries", "#libraries li"],
        ["Platforms", "#platforms li"]]) {
        document.querySelectorAll(selector).forEach((element) => {
          const head = element.querySelector("h3") || element;
          const id = element.id || element.closest("section").id;
          made.push({ kind, title: textOf(head), text: textOf(element),
            address: `#${id}` });
        });
      }
      made.forEach((thing) => { thing.text = thing.text.toLowerCase(); });
      return made;
    };
  })();

  function search(query) {
    const typed = new URLSearchParams(query).get("q") || "";
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    const place = byId("search");
    const kinds = new Map();
    if (document.activeElement !== all.q) {
      all.q.value = typed;
    }
    for (const thing of words.length > 0 ? things() : []) {
      const text = `${thing.title.toLowerCase()} ${thing.text}`;
      if (words.every((word) => text.includes(word))) {
        kinds.set(thing.kind, [...(kinds.get(thing.kind) || []), thing]);
      }
    }
    const total = [...kinds.values()].reduce((sum, l) => sum + l.length, 0);
    place.replaceChildren(make("h2", {}, "Search"),
      make("p", { class: "quiet", "aria-live": "polite" },
        words.length === 0 ? "Type a word above."
          : `${total} found for “${typed}”.`));
    for (const [kind, found] of kinds) {
      place.append(make("h3", {}, `${kind} `,
        make("span", { class: "quiet" }, String(found.length))));
      place.append(make("ul", { class: "hits" },
        ...found.slice(0, SEARCH_MAX).map((thing) => make("li", {},
          link(thing.address, thing.title),
          thing.more ? make("span", { class: "quiet" }, ` ${thing.more}`)
            : null))));
      if (found.length > SEARCH_MAX) {
        const rest = `and ${found.length - SEARCH_MAX} more`;
        place.append(make("p", {}, kind === "Cases"
          ? link(`#matrix?${new URLSearchParams({ text: typed })}`, rest)
          : rest));
      }
    }
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
    /* Previous and next are those of the filter, if the case is one of them. */
    const open = rows.filter((row) => !row.hidden)
      .map((row) => row.dataset.id);
    const near = open.includes(id) ? open : ids;
    const at = near.indexOf(id);
    if (!found) {
      place.replaceChildren(make("h2", {}, id),
        make("p", {}, "No report knows this case."));
      return;
    }
    const museum = found.museum.flatMap((bug) =>
      [link(`#museum/${bug}`, bug), " "]);
    place.replaceChildren(
      make("p", { class: "back" }, link(`#matrix${filterQuery()}`,
        near.length < ids.length ? `${near.length} cases` : "All cases"),
        at > 0 ? link(caseAddress(near[at - 1]), "Previous") : null,
        at + 1 < near.length ? link(caseAddress(near[at + 1]), "Next") : null),
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
    const [coded, query] = (location.hash.slice(1) || HOME).split("?");
    const path = decodeURIComponent(coded);
    const slash = path.indexOf("/");
    const name = slash < 0 ? path : path.slice(0, slash);
    const rest = slash < 0 ? "" : path.slice(slash + 1);
    const view = byId(name);
    const known = views.includes(view) ? view : byId(HOME);

    views.forEach((other) => { other.hidden = other !== known; });
    links.forEach((other) => {
      const target = other.hash.slice(1).split("?")[0];
      const here = target === known.id ||
        (known.id === "case" && target === "matrix");
      if (here) {
        other.setAttribute("aria-current", "page");
        other.parentElement.scrollLeft = other.offsetLeft - 40;
      } else {
        other.removeAttribute("aria-current");
      }
    });
    byId("why").hidden = true;
    if (known.id === "case") {
      if (query !== undefined) {
        filterFromHash(query);
      }
      showCase(rest);
    } else if (known.id === "search") {
      search(query);
      window.scrollTo(0, 0);
    } else if (known.id === HOME && !rest) {
      if (query !== undefined) {
        findFromHash(query);
      }
    } else if (known.id === "libraries") {
      const target = rest && byId(`${name}/${rest}`);
      shelfFromHash(query);
      if (target) {
        target.scrollIntoView({ block: "start" });
        target.focus({ preventScroll: true });
      }
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
        if (target.hidden) {
          findFromHash("");
        }
        const more = target.querySelector("td details");
        if (more) {
          more.open = true;
        }
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
        location.hash = `#matrix${filterQuery()}`;
      } else if (shown.id === "search") {
        all.q.value = "";
        history.back();
      } else if (typing && event.target.form === find) {
        find.text.value = "";
        findDifferences();
        findToHash();
      } else if (typing && event.target.form === form) {
        form.text.value = "";
        filter();
        filterToHash();
      }
    } else if (typing) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      all.q.focus();
    } else if (event.key === "j" || event.key === "k") {
      const step = event.key === "j" ? 1 : -1;
      if (shown.id === "case") {
        const open = rows.filter((row) => !row.hidden)
          .map((row) => row.dataset.id);
        const near = open.includes(shown.rest) ? open : ids;
        const id = near[near.indexOf(shown.rest) + step];
        if (id) {
          location.hash = caseAddress(id);
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

  /* A cell that is no tick says why: to a mouse by its title, to a finger by a
   * line at the end of the page. */
  document.addEventListener("click", (event) => {
    const cell = event.target.closest("td.cell[title]");
    const why = byId("why");
    why.hidden = !cell;
    if (!cell) {
      return;
    }
    const row = cell.closest("tr");
    const at = [...row.querySelectorAll("td.cell")].indexOf(cell);
    const where = cell.dataset.label || (data.platforms[at] || {}).label || "";
    const what = row.dataset.id ? `${row.dataset.id} · ` : "";
    why.textContent = `${what}${where}: ${cell.title}`;
  });

  all.hidden = false;
  all.addEventListener("submit", (event) => event.preventDefault());
  all.addEventListener("input", () => {
    const hash = `#search?${new URLSearchParams({ q: all.q.value })}`;
    if (shown.id === "search") {
      history.replaceState(null, "", hash);
      route();
    } else {
      location.hash = hash;
    }
  });
  find.hidden = false;
  find.addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", () => {
    findDifferences();
    findToHash();
  });
  findDifferences();
  if (shelf) {
    shelf.hidden = false;
    shelf.addEventListener("submit", (event) => event.preventDefault());
    shelf.addEventListener("input", () => {
      sortShelf();
      shelfToHash();
    });
    sortShelf();
  }
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
