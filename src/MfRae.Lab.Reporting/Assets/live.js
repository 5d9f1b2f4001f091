// Only in served pages: when the database changes, the page fetches itself and replaces its content.
(() => {
  "use strict";
  let own = { ...document.currentScript.dataset };
  let tag = null, due = false, paused = false, touched = -Infinity, source = null, working = false;
  const patience = 4000;
  const listen = EventTarget.prototype.addEventListener;
  const parts = ["header", "nav", "main", "footer"], original = new Set(document.body.children);
  const part = (page, name) => page.querySelector(`body > ${name}`);
  const ownScript = page => page.querySelector("body > script:not([data-stamp])").textContent;

  // The page's own script runs again after an update. The event listeners for the old content are removed with that content.
  let generation = new AbortController();
  for (const target of [window, document])
    target.addEventListener = (type, act, options) =>
      listen.call(target, type, act, { ...(typeof options === "object" ? options : { capture: !!options }), signal: generation.signal });
  listen.call(window, "DOMContentLoaded", () => { for (const node of document.body.children) if (node.localName === "script") original.add(node); });

  const bar = document.createElement("p"), word = document.createElement("span");
  bar.className = "quiet small";
  word.setAttribute("role", "status");
  const button = (text, act) => {
    const node = document.createElement("button");
    node.type = "button";
    node.textContent = text;
    node.style.marginLeft = "10px";
    node.addEventListener("click", act);
    return node;
  };
  const say = text => { if (word.textContent !== text) word.textContent = text; };
  const pause = button("Pause", () => {
    paused = !paused;
    pause.textContent = paused ? "Resume" : "Pause";
    say(paused ? "paused" : "live");
    update();
  });
  const stop = button("Stop after the next checkpoint", async () => {
    if (!confirm("Stop the run after the next checkpoint? To resume, run the same command again.")) return;
    stop.disabled = true;
    try {
      const answer = await fetch(own.stop, { method: "POST", headers: { "X-Token": own.token } });
      say(await answer.text());
    } catch { say("the server did not respond"); }
  });
  const placeBar = () => { stop.hidden = !own.stop; part(document, "header").append(bar); };
  bar.append(word, pause, stop);
  placeBar();

  // The stages that are running. The panel is outside the page's content, so it changes at any time and keeps its place.
  const panel = document.createElement("section");
  panel.setAttribute("aria-label", "Running stages");
  panel.hidden = true;
  original.add(panel);
  part(document, "main").before(panel);
  const show = progress => {
    panel.hidden = !progress;
    if (!progress) { panel.replaceChildren(); return; }
    const made = (name, text, parent) => parent.appendChild(Object.assign(document.createElement(name), { textContent: text }));
    const table = document.createElement("table"), left = progress.left && `, about ${progress.left} left`;
    made("caption", `${progress.done} of ${progress.total} stages complete${left}`, table).style.textAlign = "left";
    const head = table.createTHead().insertRow();
    for (const name of ["Running", "Progress", "Rate", "Loss", "Time left"]) made("th", name, head).scope = "col";
    const body = table.createTBody();
    for (const stage of progress.stages) {
      const row = body.insertRow();
      made("th", stage.label, row).scope = "row";
      const cell = row.insertCell(), bar = made("progress", "", cell);
      bar.value = stage.share;
      bar.setAttribute("aria-label", stage.label);
      made("span", ` ${stage.steps}`, cell);
      for (const text of [stage.rate, stage.loss, stage.left]) made("td", text, row).className = "number";
    }
    panel.replaceChildren(table);
  };

  // Content that the reader is using is not replaced until the reader stops using it.
  for (const type of ["pointerdown", "pointermove", "wheel", "keydown"])
    listen.call(document, type, event => { if (event.target.closest?.("main")) touched = performance.now(); }, { capture: true, passive: true });
  const busy = () => performance.now() - touched < patience || document.querySelector("dialog[open]") || !getSelection().isCollapsed;

  const folds = () => {
    const seen = new Map(), found = [];
    for (const node of document.querySelectorAll("main details")) {
      const name = `${node.closest("section")?.id}/${node.querySelector("summary")?.textContent}`, count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      found.push([`${name}/${count}`, node]);
    }
    return found;
  };
  const reachable = section => [...section.querySelectorAll("a, button, input, select, summary, [tabindex]")];
  const pressed = () => new Map([...document.querySelectorAll("main .key[data-arm]")].map(key =>
    [`${key.closest("section")?.id}/${key.dataset.arm}`, key.getAttribute("aria-pressed")]));

  const fields = () => {
    const found = new Map();
    for (const node of document.querySelectorAll("main input, main select")) {
      const id = node.closest("section")?.id;
      found.set(id, [...found.get(id) ?? [], node]);
    }
    return found;
  };
  const content = field => field.type === "checkbox" ? field.checked : field.value;

  const remember = () => {
    const filled = new Map([...fields()].map(([id, nodes]) => [id, nodes.map(content)]));
    const open = new Map(folds().map(([name, node]) => [name, node.open])), keys = pressed();
    const classes = [...document.querySelectorAll("main section[id]")].map(section => [section.id, section.className]);
    const top = [...document.querySelectorAll("main section[id]")].find(section => section.getBoundingClientRect().bottom > 0);
    const [anchor, offset] = [top?.id, top?.getBoundingClientRect().top], focus = document.activeElement;
    const within = focus?.closest?.("main section[id]"), place = within ? [within.id, reachable(within).indexOf(focus)] : null;
    return () => {
      for (const [id, name] of classes) { const section = document.getElementById(id); if (section && name) section.className = name; }
      for (const key of document.querySelectorAll("main .key[data-arm]")) {
        const was = keys.get(`${key.closest("section")?.id}/${key.dataset.arm}`);
        if (was) key.setAttribute("aria-pressed", was);
      }
      for (const [id, nodes] of fields()) {
        const was = filled.get(id);
        if (was?.length === nodes.length) nodes.forEach((node, i) => {
          if (content(node) === was[i]) return;
          node[node.type === "checkbox" ? "checked" : "value"] = was[i];
          for (const type of ["input", "change"]) node.dispatchEvent(new Event(type, { bubbles: true }));
        });
      }
      for (const [name, node] of folds()) if (open.has(name)) node.open = open.get(name);
      const section = place && document.getElementById(place[0]);
      if (section) reachable(section)[place[1]]?.focus({ preventScroll: true });
      const now = anchor && document.getElementById(anchor);
      if (now) scrollBy({ top: now.getBoundingClientRect().top - offset, behavior: "instant" });
    };
  };

  const replace = next => {
    const restore = remember(), script = document.createElement("script");
    generation.abort();
    generation = new AbortController();
    for (const node of [...document.body.children]) if (!original.has(node) && !parts.includes(node.localName)) node.remove();
    for (const name of parts) part(document, name)?.replaceWith(document.adoptNode(part(next, name)));
    document.title = next.title;
    placeBar();
    script.textContent = "{" + ownScript(document) + "}";
    document.body.append(script);
    script.remove();
    restore();
  };

  const update = async () => {
    if (!due || paused || working) return;
    if (busy()) { setTimeout(update, 1000); return; }
    working = true;
    due = false;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
      if (answer.status === 200) {
        const next = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = next.querySelector("script[data-stamp]");
        const same = (one, other) => one.textContent === other.textContent;
        if (fresh.dataset.token !== own.token || !same(document.querySelector("style"), next.querySelector("style"))
          || ownScript(document) !== ownScript(next)) { location.reload(); return; }
        if (paused || busy()) due = true;
        else {
          own = { ...fresh.dataset };
          tag = answer.headers.get("ETag");
          replace(next);
        }
      }
      say(answer.status === 404 ? "this experiment is no longer in the database" : answer.ok || answer.status === 304 ? "live" : await answer.text());
    } catch {
      due = true;
      say("the server does not respond; retrying");
    } finally {
      working = false;
      if (due) setTimeout(update, 1000);
    }
  };

  // A hidden page closes its connection, because a browser opens only a few connections to one server for all its pages.
  const follow = () => {
    if (document.hidden) { source?.close(); source = null; return; }
    if (source) return;
    source = new EventSource(own.events);
    listen.call(source, "open", () => say(paused ? "paused" : "live"));
    listen.call(source, "message", event => { if (event.data !== own.stamp) { due = true; update(); } });
    listen.call(source, "progress", event => show(event.data ? JSON.parse(event.data) : null));
    listen.call(source, "stale", event => say(`not up to date (${event.data}); retrying`));
    listen.call(source, "fresh", () => say(paused ? "paused" : "live"));
    listen.call(source, "error", () => {
      say("the server does not respond; retrying");
      if (source?.readyState === EventSource.CLOSED) { source = null; setTimeout(follow, 3000); }
    });
  };
  listen.call(document, "visibilitychange", follow);
  follow();
})();
