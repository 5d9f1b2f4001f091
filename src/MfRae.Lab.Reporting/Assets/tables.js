// Tables of results: sort by any column, choose columns, copy as text. Each arm is a tbody, so its seeds move with it.
for (const table of document.querySelectorAll("table.results")) {
  const heads = [...table.tHead.rows[0].cells], arms = [...table.tBodies];
  const shown = () => heads.map((_, i) => i).filter(i => !heads[i].hidden);
  const titles = heads.map(head => head.firstChild.textContent.trim());

  const value = (arm, column) => {
    if (column === 0) return arm.dataset.arm;
    const text = arm.rows[0].cells[column].dataset.v;
    return text === undefined ? null : Number(text);
  };

  // Arms without a value are last in either direction.
  const sort = (column, order) => {
    heads.forEach((head, i) => i === column && order ? head.setAttribute("aria-sort", order) : head.removeAttribute("aria-sort"));
    const sign = order === "descending" ? -1 : 1;
    const compare = (a, b) => {
      const [one, other] = [value(a, column), value(b, column)];
      if (one === null || other === null) return (one === null) - (other === null);
      return sign * (column === 0 ? one.localeCompare(other, "en", { numeric: true }) : one - other);
    };
    table.append(...(order ? [...arms].sort(compare) : arms));
  };

  heads.forEach((head, column) => {
    const best = head.dataset.order, worst = best === "ascending" ? "descending" : "ascending";
    const next = { [best]: worst, [worst]: null };
    const label = lab.button("", () => {
      const now = head.getAttribute("aria-sort");
      sort(column, now ? next[now] : best);
    }, { class: "sort" });
    label.append(...head.childNodes);
    head.append(label);
  });

  const rows = () => [...table.tBodies].map(arm => ({ name: arm.dataset.arm, cells: [...arm.rows[0].cells] }));
  const text = cell => cell.querySelector(".value")?.textContent ?? "–";
  const texNames = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };
  const tex = words => words.replace(/[\\&%$#_{}~^]/g, sign => texNames[sign] ?? "\\" + sign);
  const mark = words => words.replace(/[\\|<*_`[\]]/g, "\\$&");

  const csv = () => {
    const columns = shown().slice(1);
    const first = ["arm", ...columns.flatMap(i => [heads[i].dataset.key, heads[i].dataset.key + " sd", heads[i].dataset.key + " 95 % half-width", heads[i].dataset.key + " n"])];
    const rest = rows().map(({ name, cells }) => [name, ...columns.flatMap(i => ["v", "s", "h", "n"].map(key => cells[i].dataset[key] ?? null))]);
    return lab.csv([first, ...rest]);
  };

  const latex = () => {
    const columns = shown().slice(1), line = cells => cells.join(" & ") + " \\\\\n";
    const number = cell => {
      if (cell.dataset.v === undefined) return "--";
      const body = text(cell).replaceAll("−", "-").replace("±", "\\pm");
      return cell.querySelector("strong") ? `$\\mathbf{${body}}$` : `$${body}$`;
    };
    const arrow = name => tex(name).replace("↓", "$\\downarrow$").replace("↑", "$\\uparrow$");
    const body = rows().map(({ name, cells }) => line([tex(name), ...columns.map(i => number(cells[i]))])).join("");
    return `\\begin{tabular}{l${"r".repeat(columns.length)}}\n\\toprule\n` + line(["Arm", ...columns.map(i => arrow(titles[i]))])
      + "\\midrule\n" + body + "\\bottomrule\n\\end{tabular}\n";
  };

  const markdown = () => {
    const columns = shown().slice(1), line = cells => `| ${cells.join(" | ")} |\n`;
    const number = cell => cell.querySelector("strong") ? `**${text(cell)}**` : text(cell);
    return line(["Arm", ...columns.map(i => mark(titles[i]))]) + line(["---", ...columns.map(() => "---:")])
      + rows().map(({ name, cells }) => line([mark(name), ...columns.map(i => number(cells[i]))])).join("");
  };

  const said = lab.html("output", { class: "quiet" });
  const copy = async (name, make) => {
    said.textContent = await lab.copy(make(), said) ? `copied as ${name}` : "the browser blocked copying";
  };

  const boxes = heads.map((head, column) => column === 0 ? "" : (() => {
    const box = lab.html("input", { type: "checkbox", value: head.dataset.key });
    box.checked = true;
    box.addEventListener("change", () => { for (const row of table.rows) row.cells[column].hidden = !box.checked; });
    return lab.html("label", {}, box, " " + titles[column]);
  })());
  const columns = lab.html("details", { class: "columns" }, lab.html("summary", {}, "Columns"), lab.html("div", {}, ...boxes));
  const copies = [["CSV", csv], ["LaTeX", latex], ["Markdown", markdown]].map(([name, make]) => lab.button(name, () => copy(name, make)));
  const label = lab.html("span", { class: "quiet" }, "Copy as");
  table.parentElement.before(lab.html("div", { class: "tools" }, columns, label, ...copies, said));
}
