// Curves: read-outs under the pointer, zoom.
(() => {
  const make = lab.svg, format = lab.format;

  // A native tooltip over a whole chart would cover the read-out: the name moves to a label.
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const title = svg.querySelector(":scope > title");
    if (title) { svg.setAttribute("aria-label", title.textContent); title.remove(); }
  }

  const niceTicks = (low, high, most) => {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(n => n * power).find(s => s >= rough * (1 - 1e-9));
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-9) + step * 1e-9; i++) ticks.push(i * step);
    return ticks;
  };

  const logTicks = (low, high, most) => {
    if (high / low < 5) return niceTicks(low, high, most).filter(tick => tick > 0);
    const digits = high / low < 300 ? [1, 2, 5] : [1], ticks = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++)
      for (const digit of digits) { const tick = digit * 10 ** e; if (tick >= low && tick <= high) ticks.push(tick); }
    return ticks;
  };

  for (const chart of document.querySelectorAll(".chart.lines")) {
    const svg = chart.querySelector("svg"), plot = svg.querySelector(".plot");
    const box = { x: +plot.getAttribute("x"), y: +plot.getAttribute("y"), w: +plot.getAttribute("width"), h: +plot.getAttribute("height") };
    const d = svg.dataset, log = d.log === "1";
    const forth = log ? Math.log : value => value, back = log ? Math.exp : value => value;
    const [x0, x1, y0, y1] = [+d.x0, +d.x1, forth(+d.y0), forth(+d.y1)];
    const stepAt = px => x0 + px / box.w * (x1 - x0), valueAt = py => back(y1 - py / box.h * (y1 - y0));
    const original = [...svg.querySelectorAll(":scope > .grid, :scope > .ticks")].map(node => [node, node.innerHTML]);
    const [yGrid, xGrid] = svg.querySelectorAll(":scope > .grid");
    const [yTicks, xTicks] = [svg.querySelector(".ticks.y"), svg.querySelector(".ticks.x")];
    let view = { x: 0, y: 0, w: box.w, h: box.h };

    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = "drag to zoom, double-click to reset";
    chart.querySelector("figcaption").append(hint);

    const lines = [...plot.querySelectorAll(".line")].map(path => ({
      path,
      name: path.dataset.name,
      points: (path.getAttribute("d").match(/-?[\d.]+ -?[\d.]+/g) || []).map(pair => pair.split(" ").map(Number)),
    }));
    const readout = document.createElement("div");
    readout.className = "readout";
    readout.hidden = true;
    chart.append(readout);
    const cursor = make("path", { class: "cursor", visibility: "hidden" });
    plot.append(cursor);

    // Pointer position in the coordinates of the plot as drawn, whatever part of it is in view.
    const locate = event => {
      const matrix = svg.getScreenCTM().inverse(), at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
      return { x: view.x + (at.x - box.x) / box.w * view.w, y: view.y + (at.y - box.y) / box.h * view.h, inside: at.x >= box.x && at.x <= box.x + box.w && at.y >= box.y && at.y <= box.y + box.h };
    };

    const show = () => {
      plot.setAttribute("viewBox", `${view.x} ${view.y} ${view.w} ${view.h}`);
      if (view.w === box.w && view.h === box.h) {
        for (const [node, content] of original) node.innerHTML = content;
        return;
      }
      const place = (group, texts, ticks, line, text) => {
        group.replaceChildren(...ticks.map(line));
        texts.replaceChildren(...ticks.map(tick => { const node = text(tick); node.textContent = format(tick); return node; }));
      };
      const left = stepAt(view.x), right = stepAt(view.x + view.w), top = valueAt(view.y), bottom = valueAt(view.y + view.h);
      const toX = tick => box.x + (tick - left) / (right - left) * box.w;
      const toY = tick => box.y + (forth(top) - forth(tick)) / (forth(top) - forth(bottom)) * box.h;
      place(xGrid, xTicks, niceTicks(left, right, 5), tick => make("path", { d: `M${toX(tick)} ${box.y}v${box.h}` }), tick => make("text", { x: toX(tick), y: box.y + box.h + 15 }));
      place(yGrid, yTicks, (log ? logTicks : niceTicks)(bottom, top, 5), tick => make("path", { d: `M${box.x} ${toY(tick)}h${box.w}` }), tick => make("text", { x: box.x - 6, y: toY(tick) + 3.5 }));
    };

    const read = event => {
      const at = locate(event);
      const shown = lines.filter(line => line.points.length && getComputedStyle(line.path).display !== "none");
      if (!at.inside || !shown.length) { readout.hidden = true; cursor.setAttribute("visibility", "hidden"); return; }
      const rows = shown.map(line => {
        const near = line.points.reduce((best, point) => Math.abs(point[0] - at.x) < Math.abs(best[0] - at.x) ? point : best);
        return { line, near };
      });
      const step = rows.reduce((best, row) => Math.abs(row.near[0] - at.x) < Math.abs(best - at.x) ? row.near[0] : best, rows[0].near[0]);
      cursor.setAttribute("d", `M${step} ${view.y}v${view.h}`);
      cursor.setAttribute("visibility", "visible");
      readout.replaceChildren();
      const head = document.createElement("b");
      head.textContent = "step " + Math.round(stepAt(step)).toLocaleString("en");
      readout.append(head);
      for (const { line, near } of rows) {
        const row = document.createElement("div"), swatch = make("svg", { class: "swatch " + line.path.getAttribute("class").replace("line ", ""), viewBox: "0 0 14 14" });
        swatch.append(make("circle", { cx: 7, cy: 7, r: 5.5 }));
        row.append(swatch, `${line.name}: ${format(valueAt(near[1]))}`);
        readout.append(row);
      }
      readout.hidden = false;
      const frame = chart.getBoundingClientRect(), x = event.clientX - frame.left, flip = x + readout.offsetWidth + 24 > frame.width;
      readout.style.left = Math.max(2, flip ? x - readout.offsetWidth - 12 : x + 14) + "px";
      readout.style.top = Math.max(4, event.clientY - frame.top - readout.offsetHeight / 2) + "px";
    };

    let start = null, area = null;
    svg.addEventListener("pointerdown", event => {
      const at = locate(event);
      if (event.pointerType === "mouse" && event.button === 0 && at.inside) { start = at; event.preventDefault(); }
    });
    svg.addEventListener("pointermove", event => {
      read(event);
      if (!start) return;
      const at = locate(event);
      area ??= plot.appendChild(make("rect", { class: "zoom" }));
      area.setAttribute("x", Math.min(start.x, at.x));
      area.setAttribute("y", Math.min(start.y, at.y));
      area.setAttribute("width", Math.abs(at.x - start.x));
      area.setAttribute("height", Math.abs(at.y - start.y));
    });
    addEventListener("pointerup", event => {
      if (!start) return;
      const from = start, at = locate(event);
      start = null;
      area?.remove();
      area = null;
      const clampX = value => Math.min(view.x + view.w, Math.max(view.x, value)), clampY = value => Math.min(view.y + view.h, Math.max(view.y, value));
      const next = { x: clampX(Math.min(from.x, at.x)), y: clampY(Math.min(from.y, at.y)), w: 0, h: 0 };
      next.w = clampX(Math.max(from.x, at.x)) - next.x;
      next.h = clampY(Math.max(from.y, at.y)) - next.y;
      if (next.w > view.w / 50 && next.h > view.h / 50) { view = next; show(); }
    });
    svg.addEventListener("dblclick", () => { view = { x: 0, y: 0, w: box.w, h: box.h }; show(); });
    chart.addEventListener("pointerleave", () => { readout.hidden = true; cursor.setAttribute("visibility", "hidden"); });
  }
})();
