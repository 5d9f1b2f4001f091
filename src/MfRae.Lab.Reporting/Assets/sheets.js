// Enlarged sheets of images: arrow keys go to the next sheets, Escape closes. The focus stays inside and returns afterwards.
{
  const sheets = [...document.querySelectorAll(".sheet")].filter(sheet => sheet.querySelector("img"));
  const picture = lab.html("img", { alt: "" }), name = lab.html("p", { id: "enlarged", class: "name" }), note = lab.html("p", { class: "quiet" });
  const steps = [["‹", "previous", -1], ["›", "next", 1]].map(([text, label, by]) => lab.button(text, () => go(by), { "aria-label": label }));
  const close = lab.button("×", () => dialog.close(), { "aria-label": "close" });
  const bar = lab.html("div", { class: "bar" }, name, ...steps, close);
  const dialog = lab.html("dialog", { class: "enlarged", "aria-labelledby": "enlarged" }, bar, picture, note);
  let now = 0;

  const show = index => {
    now = index;
    const image = sheets[now].querySelector("img");
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    // An integer scale if it fits, so that all pixels have the same size.
    const room = Math.min(innerWidth * 0.92 / width, innerHeight * 0.76 / height), scale = room >= 1 ? Math.floor(room) : room;
    lab.set(picture, { src: image.src, alt: image.alt, width: Math.round(width * scale), height: Math.round(height * scale) });
    name.replaceChildren(...[...sheets[now].querySelector("figcaption").childNodes].map(node => node.cloneNode(true)));
    const group = [...sheets[now].closest("section").querySelectorAll("h3")].filter(
      heading => heading.compareDocumentPosition(sheets[now]) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
    if (group) name.append(lab.html("span", { class: "quiet" }, " " + group.textContent));
    note.textContent = sheets[now].querySelector("p")?.textContent ?? "";
  };

  // Goes through the visible sheets of the section, and skips hidden arms and collapsed parts.
  const go = by => {
    const beside = sheets.filter(sheet => sheet.closest("section") === sheets[now].closest("section") && sheet.offsetHeight > 0);
    const next = beside[(beside.indexOf(sheets[now]) + by + beside.length) % beside.length];
    show(sheets.indexOf(next));
  };

  dialog.addEventListener("keydown", event => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") { event.preventDefault(); go(event.key === "ArrowLeft" ? -1 : 1); }
    if (event.key !== "Tab") return;
    const stops = [...steps, close], at = stops.indexOf(document.activeElement);
    event.preventDefault();
    stops[(at + (event.shiftKey ? -1 : 1) + stops.length) % stops.length].focus();
  });
  dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });

  if (sheets.length > 0) document.querySelector("main").append(dialog);
  sheets.forEach((sheet, index) => {
    const image = sheet.querySelector("img"), open = lab.button("", () => { show(index); dialog.showModal(); }, { class: "open" });
    image.replaceWith(open);
    open.append(image);
    open.setAttribute("aria-label", "enlarge " + image.alt);
  });
}

// Shows one frame of each film at a time, all films at the same relative position.
for (const films of document.querySelectorAll(".films")) {
  const reels = [...films.querySelectorAll(".film")].map(film => [...film.querySelectorAll(".sheet")]);
  const longest = reels.reduce((one, other) => other.length > one.length ? other : one, []);
  if (longest.length < 2) continue;
  const said = lab.html("output", {}), last = longest.length - 1;
  const slider = lab.html("input", { type: "range", class: "wide", min: "0", max: String(last), value: String(last), step: "1" });
  const show = () => {
    const at = +slider.value;
    for (const reel of reels) reel.forEach((sheet, i) => sheet.classList.toggle("now", i === Math.round(at / last * (reel.length - 1))));
    said.textContent = longest[at].dataset.at;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  slider.addEventListener("input", show);
  films.classList.add("sliding");
  films.before(lab.html("div", { class: "tools" }, lab.html("label", {}, "Training step ", slider), " ", said));
  show();
}
