// Curves: values at a step in all charts of a group, zoom, logarithmic axes, smoothing, seeds. Each chart has its numbers as JSON;
// until a reader changes something, the drawing is the one in the page.
const niceTicks = (low, high, most) => {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(n => n * power).find(s => s >= rough * (1 - 1e-9)), ticks = [];
  const first = Math.ceil(low / step - 1e-9);
  for (let i = 0; i <= 2 * most && (first + i) * step <= high + step * 1e-9; i++) ticks.push((first + i) * step);
  return ticks;
};

const logTicks = (low, high, most) => {
  if (high / low < 5) return niceTicks(low, high, most).filter(tick => tick > 0);
  const digits = high / low < 300 ? [1, 2, 5] : [1], ticks = [];
  const every = Math.max(1, Math.ceil(Math.log10(high / low) / most));
  for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++)
    for (const digit of e % every ? [] : digits) {
      const tick = digit * 10 ** e;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  return ticks;
};

// An exponential moving average with weight w, with bias correction at the start.
const smooth = (values, w) => {
  let sum = 0, weight = 0;
  return values.map(value => {
    if (value === null || w === 0) return value;
    sum = w * sum + (1 - w) * value;
    weight = w * weight + (1 - w);
    return sum / weight;
  });
};

class Axis {
  constructor(values, log) {
    const usable = log ? values.filter(value => value > 0) : values;
    this.log = log;
    this.forth = log ? value => value > 0 ? Math.log(value) : -Infinity : value => value;
    this.back = log ? Math.exp : value => value;
    this.low = this.forth(usable.reduce((a, b) => Math.min(a, b), Infinity));
    this.high = this.forth(usable.reduce((a, b) => Math.max(a, b), -Infinity));
  }

  between(low, high) { return Object.assign(Object.create(Axis.prototype), this, { low, high }); }

  // The position of a value as a fraction of the axis, 0 at its low end.
  at(value) { return (this.forth(value) - this.low) / (this.high - this.low); }

  value(at) { return this.back(this.low + at * (this.high - this.low)); }

  ticks(most) { return (this.log ? logTicks : niceTicks)(this.back(this.low), this.back(this.high), most); }
}

class CurveChart {
  constructor(figure, group, keys) {
    Object.assign(this, { figure, group, data: JSON.parse(figure.querySelector("script").textContent) });
    this.svg = figure.querySelector("svg");
    this.plot = this.svg.querySelector(".plot");
    const [x, y, w, h] = ["x", "y", "width", "height"].map(name => +this.plot.getAttribute(name));
    this.box = { x, y, w, h };
    const { x0, x1, y0, y1, log } = this.svg.dataset, forth = log === "1" ? Math.log : value => value;
    this.drawn = { x: new Axis([+x0, +x1], false), y: new Axis([+y0, +y1], log === "1").between(forth(+y0), forth(+y1)) };
    this.lines = this.data.lines.map((line, i) => ({
      ...line, steps: this.data.x[line.x], path: this.plot.querySelectorAll(".line")[i],
      band: this.plot.querySelector(`.band[data-line="${i}"]`),
    }));
    this.kept = [...this.plot.children].map(node => [node, node.getAttribute("d")]);
    this.axes = [...this.svg.querySelectorAll(":scope > .grid, :scope > .ticks")].map(node => [node, node.innerHTML]);
    this.steps = [...new Set(this.lines.flatMap(line => line.steps))].sort((a, b) => a - b);
    this.values = this.lines.flatMap(line => [...(line.l ?? line.m), ...(line.h ?? line.m)]).filter(value => value !== null);
    this.name = this.svg.querySelector("text.axis").textContent;
    this.cursor = this.plot.appendChild(lab.svg("path", { class: "cursor", visibility: "hidden" }));
    this.extra = this.plot.insertBefore(lab.svg("g", {}), this.cursor);
    this.readout = lab.html("div", { class: "readout", role: "status", hidden: "" });
    this.caption = figure.querySelector("figcaption");
    this.title = this.caption.textContent.replace(/ \(log\)$/, "");
    lab.set(this.svg, { tabindex: "0", role: "application", "aria-roledescription": "chart", "aria-describedby": keys });
    this.logX = lab.button("log x", () => this.turn("x"), { class: "tool" });
    this.logY = lab.button("log y", () => this.turn("y"), { class: "tool" });
    this.undo = lab.button("reset", () => this.reset(), { class: "tool", disabled: "" });
    this.caption.after(lab.html("div", { class: "axes" }, this.undo, this.logX, this.logY));
    figure.append(this.readout);
    this.reset(false);
    this.listen();
  }

  reset(draw = true) {
    Object.assign(this, this.drawn);
    if (draw) this.draw();
    else this.label();
  }

  turn(axis) {
    const log = !this[axis].log;
    if (log === this.drawn[axis].log) this[axis] = this.drawn[axis];
    else {
      const full = new Axis(axis === "x" ? this.steps : this.values, log);
      const length = full.high - full.low || 1, margin = axis === "x" ? 0 : 0.04 * length;
      this[axis] = full.between(full.low - margin, full.low + length + margin);
    }
    this.draw();
  }

  label() {
    const note = this.x.log && this.y.log ? " (log, log)" : this.x.log ? " (log steps)" : this.y.log ? " (log)" : "";
    this.caption.textContent = this.title + note;
    this.logX.setAttribute("aria-pressed", String(this.x.log));
    this.logY.setAttribute("aria-pressed", String(this.y.log));
    this.logX.disabled = !this.steps.some(step => step > 0) || this.steps.length < 2;
    this.logY.disabled = !this.values.some(value => value > 0);
    this.undo.disabled = this.x === this.drawn.x && this.y === this.drawn.y;
  }

  left(step) { return this.x.at(step) * this.box.w; }

  top(value) { return Math.min(1e5, Math.max(-1e5, (1 - this.y.at(value)) * this.box.h)); }

  trace(steps, values, from = "M") {
    const tenth = number => Math.round(number * 10) / 10;
    let path = "", gap = from;
    values.forEach((value, i) => {
      const x = value === null ? NaN : this.left(steps[i]);
      if (!Number.isFinite(x)) { gap = "M"; return; }
      path += `${gap}${tenth(x)} ${tenth(this.top(value))}`;
      gap = "L";
    });
    return path;
  }

  // Each part without a gap: along its upper edge, and back along its lower edge.
  ribbon({ steps, l, h }) {
    let path = "";
    for (let i = 0, from = 0; i <= h.length; i++) {
      if (i < h.length && h[i] !== null) continue;
      const part = values => values.slice(from, i);
      if (i > from) path += this.trace(part(steps), part(h)) + this.trace(part(steps).reverse(), part(l).reverse(), "L") + "Z";
      from = i + 1;
    }
    return path;
  }

  draw() {
    const { smoothing, seeds } = this.group, { x, y, w, h } = this.box;
    const asDrawn = this.x === this.drawn.x && this.y === this.drawn.y;
    this.label();
    for (const [node, path] of this.kept) node.setAttribute("d", path);
    for (const [node, content] of this.axes) node.innerHTML = content;
    for (const line of this.lines) {
      line.shown = smooth(line.m, smoothing);
      if (!asDrawn || smoothing) line.path.setAttribute("d", this.trace(line.steps, line.shown));
      if (!asDrawn && line.band) line.band.setAttribute("d", this.ribbon(line));
    }
    this.extra.replaceChildren(...this.lines.flatMap(line => seeds ? (line.s ?? []).map(one =>
      lab.svg("path", { class: `one ${line.c}`, d: this.trace(this.data.x[one.x], smooth(one.m, smoothing)) })) : []));
    if (asDrawn) return;
    const [yGrid, xGrid] = this.svg.querySelectorAll(":scope > .grid");
    const place = (group, texts, ticks, line, text) => {
      group.replaceChildren(...ticks.map(tick => lab.svg("path", { d: line(tick) })));
      texts.replaceChildren(...ticks.map(tick => {
        const node = lab.svg("text", text(tick));
        node.textContent = lab.tick(tick);
        return node;
      }));
    };
    const toX = tick => x + this.left(tick), toY = tick => y + this.top(tick);
    const [xTicks, yTicks] = [".ticks.x", ".ticks.y"].map(name => this.svg.querySelector(name));
    place(xGrid, xTicks, this.x.ticks(5), tick => `M${toX(tick)} ${y}v${h}`, tick => ({ x: toX(tick), y: y + h + 15 }));
    place(yGrid, yTicks, this.y.ticks(5), tick => `M${x} ${toY(tick)}h${w}`, tick => ({ x: x - 6, y: toY(tick) + 3.5 }));
  }

  mark(step) {
    const at = step === null ? -1 : this.left(step), inside = at >= 0 && at <= this.box.w;
    this.cursor.setAttribute("visibility", inside ? "visible" : "hidden");
    if (inside) this.cursor.setAttribute("d", `M${at} 0v${this.box.h}`);
    this.step = step;
  }

  // Shows the values of every visible arm at a step, and marks the step in the other charts of the group.
  read(step, at) {
    for (const chart of this.group.charts) if (chart.name === this.name) chart.mark(step);
    const shown = this.lines.filter(line => getComputedStyle(line.path).display !== "none");
    const rows = step === null ? [] : shown.map(line => {
      const i = line.steps.reduce((best, one, k) => Math.abs(one - step) < Math.abs(line.steps[best] - step) ? k : best, 0);
      const value = (line.shown ?? line.m)[i], swatch = lab.svg("svg", { class: `swatch ${line.c}`, viewBox: "0 0 14 14" });
      swatch.append(lab.svg("circle", { cx: 7, cy: 7, r: 5.5 }));
      const range = value !== null && line.l && line.l[i] < line.h[i] ? ` (${lab.format(line.l[i])} to ${lab.format(line.h[i])})` : "";
      return lab.html("div", {}, swatch, `${line.n}: ${value === null ? "not finite" : lab.format(value) + range}`);
    });
    this.readout.hidden = rows.length === 0;
    if (rows.length === 0) return;
    this.readout.classList.toggle("many", rows.length > 12);
    this.readout.replaceChildren(lab.html("b", {}, `${this.name} ${step.toLocaleString("en")}`), lab.html("div", {}, ...rows));
    const width = this.figure.clientWidth, flip = at.x + this.readout.offsetWidth + 24 > width;
    this.readout.style.left = Math.max(2, flip ? at.x - this.readout.offsetWidth - 12 : at.x + 14) + "px";
    this.readout.style.top = Math.max(4, at.y - this.readout.offsetHeight / 2) + "px";
  }

  // The position of the pointer in the plot, as fractions of its width and height.
  locate(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    const x = (point.x - this.box.x) / this.box.w, y = (point.y - this.box.y) / this.box.h;
    return { x, y, inside: x >= 0 && x <= 1 && y >= 0 && y <= 1 };
  }

  nearest(step) { return this.steps.reduce((best, one) => Math.abs(one - step) < Math.abs(best - step) ? one : best); }

  within({ low, high }) { return this.x.between(low, high); }

  key(event) {
    const seen = this.steps.filter(step => this.x.at(step) >= -1e-9 && this.x.at(step) <= 1 + 1e-9);
    const now = this.step === null || this.step === undefined ? -1 : this.steps.indexOf(this.nearest(this.step));
    const centre = this.x.low + Math.min(1, Math.max(0, now < 0 ? 0.5 : this.x.at(this.steps[now]))) * (this.x.high - this.x.low);
    const zoom = by => {
      this.x = this.within({ low: centre - (centre - this.x.low) * by, high: centre + (this.x.high - centre) * by });
      this.draw();
    };
    const go = by => {
      const next = now < 0 ? seen[0] ?? this.steps[0] : this.steps[Math.min(this.steps.length - 1, Math.max(0, now + by))];
      const shift = (at => at < 0 ? at : at > 1 ? at - 1 : 0)(this.x.at(next)) * (this.x.high - this.x.low);
      if (Math.abs(shift) > 1e-9) { this.x = this.within({ low: this.x.low + shift, high: this.x.high + shift }); this.draw(); }
      const box = this.svg.getBoundingClientRect(), frame = this.figure.getBoundingClientRect();
      const across = (this.box.x + this.left(next)) / this.svg.viewBox.baseVal.width;
      this.read(next, { x: box.x - frame.x + across * box.width, y: box.y - frame.y + box.height / 2 });
    };
    const many = event.shiftKey ? 10 : 1;
    const act = {
      ArrowLeft: () => go(-many), ArrowRight: () => go(many), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2),
      0: () => this.reset(), Escape: () => this.read(null),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
    if (this.x !== this.drawn.x && this.x.low <= this.drawn.x.low && this.x.high >= this.drawn.x.high && !this.x.log) this.reset();
  }

  listen() {
    let start = null, area = null;
    this.svg.addEventListener("pointerdown", event => {
      const at = this.locate(event);
      if (event.pointerType !== "mouse" || event.button !== 0 || !at.inside) return;
      start = at;
      event.preventDefault();
    });
    this.svg.addEventListener("pointermove", event => {
      const at = this.locate(event), frame = this.figure.getBoundingClientRect();
      this.read(at.inside ? this.nearest(this.x.value(at.x)) : null, { x: event.clientX - frame.x, y: event.clientY - frame.y });
      if (!start) return;
      area ??= this.plot.appendChild(lab.svg("rect", { class: "zoom" }));
      lab.set(area, {
        x: Math.min(start.x, at.x) * this.box.w, width: Math.abs(at.x - start.x) * this.box.w,
        y: Math.min(start.y, at.y) * this.box.h, height: Math.abs(at.y - start.y) * this.box.h,
      });
    });
    addEventListener("pointerup", event => {
      if (!start) return;
      const clamp = at => Math.min(1, Math.max(0, at)), end = this.locate(event), from = start;
      start = null;
      area?.remove();
      area = null;
      const part = (one, other) => [one, other].map(clamp).sort((a, b) => a - b);
      const [left, right] = part(from.x, end.x), [low, high] = part(1 - from.y, 1 - end.y);
      if (right - left < 0.02 || high - low < 0.02) return;
      const cut = (axis, a, b) => axis.between(axis.low + a * (axis.high - axis.low), axis.low + b * (axis.high - axis.low));
      [this.x, this.y] = [cut(this.x, left, right), cut(this.y, low, high)];
      this.draw();
    });
    this.svg.addEventListener("dblclick", () => this.reset());
    this.svg.addEventListener("keydown", event => this.key(event));
    this.svg.addEventListener("blur", () => this.read(null));
    this.figure.addEventListener("pointerleave", () => this.read(null));
  }
}

// A native tooltip of the whole chart would cover the values, so the title becomes a label.
for (const svg of document.querySelectorAll("svg[role=img]")) {
  const title = svg.querySelector(":scope > title");
  if (title) { svg.setAttribute("aria-label", title.textContent); title.remove(); }
}

[...document.querySelectorAll(".charts")].forEach((container, i) => {
  const figures = container.querySelectorAll(".chart.lines");
  if (figures.length === 0) return;
  const group = { charts: [], smoothing: 0, seeds: false }, keys = `keys-${i}`;
  group.charts = [...figures].map(figure => new CurveChart(figure, group, keys));
  const redraw = () => { for (const chart of group.charts) chart.draw(); };
  const said = lab.html("output", {}, "0"), slider = lab.html("input", { type: "range", min: "0", max: "0.99", step: "0.01", value: "0" });
  slider.addEventListener("input", () => { group.smoothing = +slider.value; said.textContent = slider.value; redraw(); });
  const tools = lab.html("div", { class: "tools" });
  if (group.charts.some(chart => chart.steps.length > 3)) tools.append(lab.html("label", {}, "Smoothing ", slider, " ", said));
  if (group.charts.some(chart => chart.lines.some(line => line.s))) {
    const box = lab.html("input", { type: "checkbox" });
    box.addEventListener("change", () => { group.seeds = box.checked; redraw(); });
    tools.append(lab.html("label", {}, box, " Show each seed"));
  }
  tools.append(lab.html("span", { class: "quiet", id: keys }, "Drag to zoom, double-click to reset. Keys: ← and → show values, + and − zoom, 0 resets."));
  container.before(tools);
});
