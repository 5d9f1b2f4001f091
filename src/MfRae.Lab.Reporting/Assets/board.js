// The board: each run is a point; its place and colour follow the options that the reader chooses. The choice is kept in the address.
for (const root of document.querySelectorAll(".board")) {
  const data = JSON.parse(root.querySelector("script").textContent);
  const colours = ["light-dark(#3a3fa8,#a9b1ff)", "light-dark(#b3541e,#ffb07a)", "light-dark(#17693c,#7fd6a3)", "light-dark(#8a2a7d,#f0a3e4)",
    "light-dark(#7c5200,#f0c36d)", "light-dark(#0f6a7d,#7ed3e6)", "light-dark(#a3252c,#ff9d97)", "light-dark(#5d616b,#a0a4b0)"];
  const marks = ["M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-3.6,-3.6h7.2v7.2h-7.2z", "M0,-4.6L4.6,3.6H-4.6z", "M0,-5L5,0L0,5L-5,0z"];
  const mostGroups = 40, mostRows = 200, natural = new Intl.Collator("en", { numeric: true }).compare;

  // One object for a run. Options are found by path, metrics by their place.
  const arms = data.arms.map(([experiment, name, ...values]) => {
    const [key, title, tags] = data.experiments[experiment];
    return { experiment: key, title, tags, name, options: values.map(place => place < 0 ? null : data.values[place]) };
  });
  const runs = data.runs.map(([place, seed, status, pilot, latest, ...values]) => {
    const run = { arm: arms[place], seed, status, pilot, latest, values: new Map() };
    for (let i = 0; i < values.length; i += 3) run.values.set(values[i], { identity: values[i + 1], value: values[i + 2] });
    return run;
  });
  const facts = {
    experiment: run => run.arm.experiment, arm: run => run.arm.name, seed: run => String(run.seed), status: run => run.status,
    tags: run => run.arm.tags || "no tag", "last run": run => run.latest.slice(0, 10) || "never",
  };
  const fact = name => {
    const place = data.paths.indexOf(name);
    return facts[name] ?? (run => run.arm.options[place] ?? "–");
  };
  const words = text => text.toLowerCase().split(/\s+/).filter(word => word);
  const texts = new Map(runs.map(run => [run, [run.arm.experiment, run.arm.title, run.arm.name, run.arm.tags, run.status, `seed=${run.seed}`,
    ...run.arm.options.map((value, i) => value === null ? "" : `${data.paths[i]}=${value}`)].join(" ").toLowerCase()]));

  // Controls.
  const field = (label, node) => lab.html("label", {}, label, node);
  const choose = names => lab.html("select", {}, ...names.map(name => lab.html("option", { value: name }, name)));
  const counts = data.metrics.map((_, metric) => runs.filter(run => run.values.has(metric)).length);
  const metrics = [...data.metrics.keys()].sort((a, b) => counts[b] - counts[a] || natural(data.metrics[a], data.metrics[b]));
  const metric = choose(metrics.map(place => data.metrics[place])), identity = lab.html("select", {});
  const across = choose([...Object.keys(facts), ...data.paths, ...metrics.map(place => data.metrics[place])]);
  const colour = choose([...Object.keys(facts), ...data.paths]);
  const filter = lab.html("input", { type: "search", autocomplete: "off", spellcheck: "false", placeholder: "words, or option=value" });
  const check = () => lab.html("input", { type: "checkbox" });
  const logY = check(), logX = check(), pilots = check();
  const identityField = field("measured with", identity);
  const controls = { y: metric, x: across, colour, filter, logY, logX, pilots };
  const told = lab.html("p", { class: "told small", role: "status" }), keys = lab.html("div", { class: "keys" });
  const figure = lab.svg("svg", { viewBox: "0 0 1000 420", tabindex: "0", role: "img" }), groups = lab.html("div", {}), list = lab.html("div", {});
  root.append(
    lab.html("div", { class: "tools" }, field("metric", metric), identityField, field("against", across), field("colour", colour),
      field("filter", filter), field("log metric", logY), field("log axis", logX), field("pilot seeds", pilots)),
    keys, figure, told, groups, list);
  const hidden = new Set();
  let shown = [];

  // The choice in the address: a link or a bookmark shows the same.
  const restore = () => {
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
      const node = controls[name];
      if (node?.type === "checkbox") node.checked = value === "1";
      else if (node) node.value = value;
    }
    for (const [node, first] of [[metric, 0], [across, 0], [colour, 0]]) if (node.selectedIndex < 0) node.selectedIndex = first;
  };
  const remember = () => {
    const chosen = Object.entries(controls).map(([name, node]) => [name, node.type === "checkbox" ? (node.checked ? "1" : "") : node.value]);
    history.replaceState(null, "", "#" + new URLSearchParams(chosen.filter(([, value]) => value)));
  };

  // Values that were measured differently are not compared: the most frequent way is shown, and the reader may choose another.
  const identities = all => {
    const found = new Map();
    for (const { identity: one } of all) found.set(one, (found.get(one) ?? 0) + 1);
    const sorted = [...found].sort((a, b) => b[1] - a[1]), before = identity.value;
    identity.replaceChildren(...sorted.map(([one, n]) => lab.html("option", { value: one },
      `${data.identities[one].replace(/[0-9a-f]{64}/g, hash => hash.slice(0, 8))} (${n})`)));
    if (sorted.some(([one]) => String(one) === before)) identity.value = before;
    identityField.hidden = sorted.length < 2;
    return sorted.length;
  };

  const mean = values => values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = values => {
    const centre = mean(values);
    return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
  };
  const cells = (names, rows) => {
    const table = lab.html("table", {}), body = lab.html("tbody", {});
    table.append(lab.html("thead", {}, lab.html("tr", {}, ...names.map(([name, number]) => lab.html("th", { scope: "col", class: number ? "number" : "" }, name)))), body);
    for (const row of rows) body.append(lab.html("tr", {}, ...row.map((cell, i) => lab.html("td", { class: names[i][1] ? "number" : "" }, cell))));
    return lab.html("div", { class: "scroll" }, table);
  };

  const draw = () => {
    const y = data.metrics.indexOf(metric.value), wanted = words(filter.value), xMetric = data.metrics.indexOf(across.value);
    const byMetric = across.selectedIndex >= Object.keys(facts).length + data.paths.length;
    const passing = runs.filter(run => (pilots.checked || !run.pilot) && wanted.every(word => texts.get(run).includes(word)));
    const measured = passing.filter(run => run.values.has(y));
    const ways = identities(measured.map(run => run.values.get(y)));
    const ofX = byMetric ? run => run.values.get(xMetric)?.value : fact(across.value), ofColour = fact(colour.value);
    let points = measured.filter(run => String(run.values.get(y).identity) === identity.value)
      .map(run => ({ run, y: run.values.get(y).value, x: ofX(run), group: ofColour(run) })).filter(point => point.x !== undefined);
    const labels = [...new Set(points.map(point => point.group))].sort(natural);
    points = points.filter(point => !hidden.has(point.group));
    const names = [...new Set(points.map(point => point.x))];
    const numeric = byMetric || (names.length > 1 && names.every(name => name !== "" && Number.isFinite(+name)));
    const places = numeric ? null : names.sort(natural);
    const paint = group => colours[labels.indexOf(group) % colours.length];

    keys.replaceChildren(...labels.slice(0, mostGroups).map(group => {
      const swatch = lab.html("span", { class: "swatch" });
      swatch.style.background = paint(group);
      const key = lab.button("", () => { if (!hidden.delete(group)) hidden.add(group); draw(); }, { class: "tool", "aria-pressed": String(!hidden.has(group)) });
      key.append(swatch, group);
      return key;
    }));
    const usable = (values, log) => log ? values.filter(value => value > 0) : values;
    const axis = (values, log) => {
      const made = new Axis(usable(values, log), log), room = (made.high - made.low) * .04 || .5;
      return made.between(made.low - room, made.high + room);
    };
    const Y = axis(points.map(point => point.y), logY.checked), X = numeric ? axis(points.map(point => +point.x), logX.checked) : null;
    logX.disabled = !numeric;
    const box = { x: 70, y: 14, w: 914, h: 350 }, children = [];
    const top = value => box.y + box.h * (1 - Y.at(value));
    const jitter = point => ((point.run.seed * 2654435761 % 1000 + 1000) % 1000 / 1000 - .5) * .5;
    const left = point => box.x + box.w * (numeric ? X.at(+point.x) : (places.indexOf(point.x) + .5 + jitter(point)) / places.length);
    const text = (content, attributes) => Object.assign(lab.svg("text", attributes), { textContent: content });
    shown = points.filter(point => (!logY.checked || point.y > 0) && (!numeric || !logX.checked || +point.x > 0));
    if (shown.length) {
      for (const tick of Y.ticks(6).filter(value => Y.at(value) >= 0 && Y.at(value) <= 1)) children.push(
        lab.svg("path", { class: "gridline", d: `M${box.x},${top(tick)}h${box.w}` }), text(lab.tick(tick), { x: box.x - 8, y: top(tick) + 4, "text-anchor": "end" }));
      const beside = numeric ? X.ticks(8).filter(value => X.at(value) >= 0 && X.at(value) <= 1).map(value => [box.x + box.w * X.at(value), lab.tick(value)])
        : places.map((name, i) => [box.x + box.w * (i + .5) / places.length, name]);
      // A long name keeps its end, where names of arms differ.
      const most = Math.max(5, Math.floor(box.w / beside.length / 7.6)), head = Math.floor(most / 3);
      for (const [x, name] of beside.length > 60 ? [] : beside) children.push(text(
        name.length > most ? `${name.slice(0, head)}…${name.slice(head + 1 - most)}` : name, { x, y: box.y + box.h + 20, "text-anchor": "middle" }));
      children.push(text(across.value, { x: box.x + box.w / 2, y: 412, "text-anchor": "middle" }), text(metric.value, { x: 4, y: 11 }));
      for (const point of shown) {
        Object.assign(point, { left: left(point), top: top(point.y) });
        const mark = lab.svg("path", { class: "mark", d: marks[Math.floor(labels.indexOf(point.group) / colours.length) % marks.length],
          transform: `translate(${point.left.toFixed(1)},${point.top.toFixed(1)})` });
        mark.style.fill = paint(point.group);
        children.push(mark);
      }
    }
    figure.replaceChildren(...children);

    // The same numbers as tables.
    const grouped = new Map(), together = numeric && (byMetric || names.length > mostGroups);
    for (const point of shown) {
      const key = JSON.stringify([together ? "" : point.x, point.group]);
      if (!grouped.has(key)) grouped.set(key, []);
      grouped.get(key).push(point.y);
    }
    const sign = data.higher[y] ? -1 : 1;
    const rows = [...grouped].map(([key, values]) => [...JSON.parse(key), values]).sort((a, b) => natural(String(a[0]), String(b[0])) || natural(a[1], b[1]));
    if (!numeric && places.length <= mostGroups) for (const [x, , values] of rows) {
      const at = box.x + box.w * (places.indexOf(x) + .5) / places.length, width = box.w / places.length * .3;
      figure.append(lab.svg("path", { class: "mean", d: `M${at - width},${top(mean(values))}h${2 * width}` }));
    }
    groups.replaceChildren(lab.html("h3", {}, "Groups"), cells(
      [[across.value], [colour.value], ["n", true], ["mean", true], ["sd", true], [data.higher[y] ? "highest" : "lowest", true]],
      rows.slice(0, mostRows).map(([x, group, values]) => [x, group, String(values.length), lab.format(mean(values)),
        values.length < 2 ? "" : lab.format(deviation(values)), lab.format(sign * Math.min(...values.map(value => sign * value)))])));
    const best = [...shown].sort((a, b) => sign * (a.y - b.y));
    list.replaceChildren(lab.html("h3", {}, `Runs, best first${best.length > mostRows ? ` (the first ${mostRows} of ${best.length})` : ""}`), cells(
      [["experiment"], ["arm"], ["seed", true], [across.value, numeric], [metric.value, true], ["status"], ["last run (UTC)"]],
      best.slice(0, mostRows).map(({ run, x, y: value }) => [lab.html("a", { href: encodeURIComponent(run.arm.experiment) + ".html" }, run.arm.experiment),
        run.arm.name, String(run.seed), byMetric ? lab.format(x) : String(x), lab.format(value), run.status, run.latest])));
    const unmeasured = passing.length - measured.length;
    told.textContent = `${shown.length} of ${runs.length} runs shown`
      + (unmeasured ? `; ${unmeasured} have no ${metric.value}` : "") + (ways > 1 ? `; ${ways} ways of measuring, one is shown` : "") + ".";
    figure.setAttribute("aria-label", `${metric.value} against ${across.value}, by ${colour.value}: ${told.textContent}`);
    remember();
  };

  // The nearest run under the pointer.
  figure.addEventListener("pointermove", event => {
    const { left, top, width } = figure.getBoundingClientRect(), scale = 1000 / width;
    const [x, y] = [(event.clientX - left) * scale, (event.clientY - top) * scale];
    const near = shown.reduce((best, point) => {
      const away = (point.left - x) ** 2 + (point.top - y) ** 2;
      return away < best.away ? { point, away } : best;
    }, { point: null, away: 400 }).point;
    if (near) told.textContent = `${near.run.arm.experiment}, ${near.run.arm.name}, seed ${near.run.seed}: ${metric.value} ${lab.format(near.y)}`
      + `, ${across.value} ${typeof near.x === "number" ? lab.format(near.x) : near.x}`;
  });
  let soon = 0;
  filter.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(draw, 150); });
  for (const node of [metric, identity, across, colour, logY, logX, pilots]) node.addEventListener("change", () => { if (node === colour) hidden.clear(); draw(); });
  restore();
  if (runs.length) draw();
}
