// Compares two sheets of samples: by source, steps, seed and class, with a movable border between them, or as a difference.
{
  const sheets = [...document.querySelectorAll("#samples .sheet[data-side]")].map(sheet => ({ ...sheet.dataset, image: sheet.querySelector("img") }))
    .filter(sheet => sheet.image);
  const most = 640, gap = 1, fields = ["source", "view", "seed"], names = ["Samples", "steps", "seed"];
  const choose = (label, options, act) => {
    const list = lab.html("select", { "aria-label": label });
    const fill = (values, value) => {
      list.replaceChildren(...values.map(text => lab.html("option", { value: text }, text === "" ? "–" : text)));
      list.value = values.includes(value) ? value : values[0];
    };
    fill(options, options[0]);
    list.addEventListener("change", act);
    return { list, fill };
  };

  // Three lists that together name one sheet. Each offers what the lists before it leave.
  const side = (letter, start) => {
    const lists = fields.map((field, i) => choose(`${letter}: ${names[i]}`, [""], () => { settle({ [field]: lists[i].list.value }); draw(); }));
    let sheet = start;
    const settle = wish => {
      let left = sheets;
      fields.forEach((field, i) => {
        const values = [...new Set(left.map(one => one[field]))];
        lists[i].fill(values, wish[field] ?? sheet[field]);
        left = left.filter(one => one[field] === lists[i].list.value);
      });
      sheet = left[0];
    };
    settle(start);
    return { row: lab.html("div", { class: "tools" }, lab.html("strong", {}, letter), ...lists.map(one => one.list)), sheet: () => sheet, settle };
  };

  const size = sheet => {
    const pitch = +sheet.side + gap;
    return { pitch, columns: (sheet.image.naturalWidth + gap) / pitch, rows: (sheet.image.naturalHeight + gap) / pitch };
  };

  // The pixels of a sheet, or those of one class in a row, on a canvas at the size of the sheet.
  const pixels = (sheet, label, columns, rows) => {
    const { pitch } = size(sheet), across = label === null ? columns : rows, down = label === null ? rows : 1;
    const canvas = lab.html("canvas", { width: across * pitch - gap, height: down * pitch - gap }), pen = canvas.getContext("2d", { willReadFrequently: true });
    if (label === null) pen.drawImage(sheet.image, 0, 0);
    else for (let row = 0; row < rows; row++)
      pen.drawImage(sheet.image, label * pitch, row * pitch, pitch - gap, pitch - gap, row * pitch, 0, pitch - gap, pitch - gap);
    return { canvas, pen, pitch };
  };

  // Absolute differences of two drawings as a drawing, and their mean without the gaps.
  const subtract = (one, other) => {
    const { width, height } = one.canvas, [a, b] = [one, other].map(side => side.pen.getImageData(0, 0, width, height).data);
    const canvas = lab.html("canvas", { width, height }), pen = canvas.getContext("2d"), out = pen.createImageData(width, height);
    let sum = 0, count = 0;
    for (let i = 0; i < a.length; i += 4) {
      const inside = (i / 4 % width) % one.pitch < one.pitch - gap && Math.floor(i / 4 / width) % one.pitch < one.pitch - gap;
      for (let c = 0; c < 3; c++) {
        const difference = Math.abs(a[i + c] - b[i + c]);
        out.data[i + c] = inside ? difference : 255;
        if (inside) { sum += difference; count++; }
      }
      out.data[i + 3] = 255;
    }
    pen.putImageData(out, 0, 0);
    return { canvas, mean: sum / count };
  };

  const title = sheet => [sheet.source, sheet.view, sheet.seed && `seed ${sheet.seed}`].filter(part => part).join(", ");
  let draw = () => {};
  const second = sheets.find(one => sheets[0] && one.source !== sheets[0].source && one.view === sheets[0].view) ?? sheets[1];
  if (second) {
    const [a, b] = [side("A", sheets[0]), side("B", second)];
    const view = choose("View", ["wipe", "difference", "A", "B"], () => draw());
    const classes = choose("Class", ["all"], () => draw());
    const slider = lab.html("input", { type: "range", class: "wide", min: "0", max: "100", value: "50", step: "1", "aria-label": "Border between A and B" });
    const canvas = lab.html("canvas", { role: "img" }), said = lab.html("output", { class: "quiet small" });
    const swap = lab.button("Swap A and B", () => {
      const [first, last] = [a.sheet(), b.sheet()];
      a.settle(last);
      b.settle(first);
      draw();
    });
    draw = () => {
      // An image of this page may still be loading when the script runs; its arrival draws again.
      if (![a, b].every(side => side.sheet().image.naturalWidth > 0)) return;
      const [one, other] = [a.sheet(), b.sheet()], [first, last] = [size(one), size(other)];
      const fits = first.pitch === last.pitch, [columns, rows] = [Math.min(first.columns, last.columns), Math.min(first.rows, last.rows)];
      const sorted = fits && "classes" in one && "classes" in other && first.columns === last.columns;
      classes.fill(["all", ...(sorted ? Array.from({ length: columns }, (_, i) => String(i)) : [])], classes.list.value);
      classes.list.disabled = !sorted;
      if (!fits) {
        said.textContent = "A and B have images of different sizes.";
        return;
      }
      const label = classes.list.value === "all" ? null : +classes.list.value, mode = view.list.value;
      const [left, right] = [one, other].map(sheet => pixels(sheet, label, columns, rows));
      const difference = subtract(left, right), { width, height } = left.canvas, scale = Math.max(1, Math.min(4, Math.floor(most / width)));
      lab.set(canvas, { width: width * scale, height: height * scale });
      const pen = canvas.getContext("2d"), border = mode === "wipe" ? Math.round(width * slider.value / 100) : mode === "B" ? 0 : width;
      pen.imageSmoothingEnabled = false;
      pen.scale(scale, scale);
      if (mode === "difference") pen.drawImage(difference.canvas, 0, 0);
      else {
        if (border > 0) pen.drawImage(left.canvas, 0, 0, border, height, 0, 0, border, height);
        if (border < width) pen.drawImage(right.canvas, border, 0, width - border, height, border, 0, width - border, height);
        if (mode === "wipe" && border > 0 && border < width) { pen.fillStyle = "#f33"; pen.fillRect(border - 0.5, 0, 1, height); }
      }
      slider.disabled = mode !== "wipe";
      slider.setAttribute("aria-valuetext", `${slider.value} % A`);
      const text = `A: ${title(one)}. B: ${title(other)}.${label === null ? "" : ` Class ${label}.`} Mean absolute difference ${lab.format(difference.mean)} of 255.`;
      said.textContent = text;
      canvas.setAttribute("aria-label", `${mode === "wipe" ? "A on the left of the border, B on the right" : mode === "difference" ? "difference of A and B" : mode}. ${text}`);
    };
    slider.addEventListener("input", () => draw());
    const drag = event => {
      if (view.list.value !== "wipe" || (event.type === "pointermove" && event.buttons !== 1)) return;
      const box = canvas.getBoundingClientRect();
      slider.value = String(Math.round((event.clientX - box.left) / box.width * 100));
      draw();
    };
    for (const kind of ["pointerdown", "pointermove"]) canvas.addEventListener(kind, drag);
    const tools = lab.html("div", { class: "tools" },
      lab.html("label", {}, "View ", view.list), lab.html("label", {}, "Class ", classes.list), lab.html("label", {}, "Border ", slider), swap);
    document.querySelector("#samples h2").after(lab.html(
      "div", { class: "browser", role: "group", "aria-label": "Compare samples" }, a.row, b.row, tools, canvas, lab.html("p", {}, said)));
    for (const sheet of sheets) if (!sheet.image.complete) sheet.image.addEventListener("load", () => { if (sheet === a.sheet() || sheet === b.sheet()) draw(); });
    draw();
  }
}
