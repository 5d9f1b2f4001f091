// The search shows the experiments that contain every word. A click on a tag searches for the tag.
for (const list of document.querySelectorAll(".experiments")) {
  const entries = [...list.children], said = lab.html("output", { class: "quiet" });
  const box = lab.html("input", { type: "search", id: "search", autocomplete: "off", spellcheck: "false" });
  const search = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(word => word);
    for (const entry of entries) {
      const text = entry.textContent.toLowerCase();
      entry.hidden = !words.every(word => text.includes(word));
    }
    said.textContent = words.length ? `${entries.filter(entry => !entry.hidden).length} of ${entries.length}` : "";
  };
  box.addEventListener("input", search);
  for (const tag of list.querySelectorAll(".tag")) {
    const pick = lab.button(tag.textContent, () => { box.value = tag.textContent; search(); box.focus(); }, { class: "tag" });
    tag.replaceWith(pick);
  }
  if (entries.length > 1) list.before(lab.html("p", { class: "tools" }, lab.html("label", { for: "search" }, "Search"), box, said));
}
