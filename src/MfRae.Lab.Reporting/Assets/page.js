// Interactive additions to a page that is complete without scripts. This part declares helpers for the other scripts.
"use strict";
const lab = (() => {
  const set = (node, attributes) => {
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const svg = (name, attributes) => set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
  const html = (name, attributes = {}, ...content) => {
    const node = set(document.createElement(name), attributes);
    node.append(...content);
    return node;
  };
  const button = (text, act, attributes = {}) => {
    const node = html("button", { type: "button", ...attributes }, text);
    node.addEventListener("click", act);
    return node;
  };
  const format = value => {
    const size = Math.abs(value);
    if (size === 0) return "0";
    if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replaceAll("-", "−");
    return value.toPrecision(4).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "").replace("-", "−");
  };
  // The label of a tick, in the units of the charts in the page.
  const tick = value => {
    const size = Math.abs(value), [unit, sign] = size >= 1e9 ? [1, ""] : size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
    const text = size >= 1e9 || (size > 0 && size < 1e-4) ? value.toExponential(2).replace(/\.?0*e\+?/, "e")
      : (value / unit).toLocaleString("en", { maximumSignificantDigits: 6 }) + sign;
    return text.replaceAll("-", "−");
  };
  // Copies a text and returns whether that worked. Falls back to an old command where pages may not write to the clipboard.
  const copy = async (text, beside) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = html("textarea", { class: "away", "aria-label": "text to copy" }, text);
      beside.after(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  // The CSV of docs/exchange.md, as `export` and `query --csv` write it. A field is a string, or null for an empty field.
  const csv = rows => rows.map(row => row.map(field => field === null ? ""
    : field === "" || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field).join(",") + "\r\n").join("");
  return { set, svg, html, button, format, tick, copy, csv };
})();

// A legend entry shows or hides its arm in every chart of the page. All entries of the arm change together.
for (const key of document.querySelectorAll(".key[data-arm]")) {
  const arm = key.dataset.arm;
  lab.set(key, { role: "button", tabindex: "0", "aria-pressed": "true", title: "show or hide this arm" });
  const toggle = () => {
    const hidden = document.body.classList.toggle("hide-" + arm);
    for (const same of document.querySelectorAll(`.key[data-arm="${arm}"]`)) same.setAttribute("aria-pressed", String(!hidden));
  };
  key.addEventListener("click", toggle);
  key.addEventListener("keydown", event => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); }
  });
}

// A button that copies a command.
for (const command of document.querySelectorAll("pre.command")) {
  const said = lab.html("output", { class: "quiet" });
  const copy = async () => {
    said.textContent = await lab.copy(command.textContent, said) ? "copied" : "the browser blocked copying";
  };
  command.before(lab.html("div", { class: "tools" }, lab.button("Copy", copy, { "aria-label": "Copy the command" }), said));
}

// Boxes that scroll can be focused with the keyboard; boxes whose content fits cannot.
{
  const reach = () => {
    for (const box of document.querySelectorAll(".scroll, pre")) {
      const over = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
      const about = box.closest("section")?.querySelector("h2")?.textContent ?? "table";
      if (over) lab.set(box, { tabindex: "0", role: "group", "aria-label": about + ", scrollable" });
      else for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  };
  reach();
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
}

// Marks the entry of the current section, and keeps it in view if the list is wider than the screen.
{
  const links = [...document.querySelectorAll("nav a")];
  const watch = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) for (const link of links) {
      if (link.hash !== "#" + target.id) continue;
      if (!isIntersecting) { link.removeAttribute("aria-current"); continue; }
      link.setAttribute("aria-current", "true");
      const list = link.parentElement, end = link.offsetLeft + link.offsetWidth;
      if (link.offsetLeft < list.scrollLeft || end > list.scrollLeft + list.clientWidth) list.scrollLeft = link.offsetLeft - 40;
    }
  }, { rootMargin: "-30% 0px -70% 0px" });
  for (const section of document.querySelectorAll("main > section")) watch.observe(section);
}

// The theme follows the system until the reader chooses one. The choice is not stored.
{
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const button = lab.button("Dark", () => { root.dataset.theme = dark() ? "light" : "dark"; tell(); }, { class: "tool theme" });
  const tell = () => button.setAttribute("aria-pressed", String(dark()));
  system.addEventListener("change", tell);
  tell();
  document.querySelector("header").prepend(button);
}
