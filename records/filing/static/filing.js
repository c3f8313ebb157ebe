// Files can be dropped onto a form with data-drop="what to do here"; a table with data-choose="label" gets a box that ticks
// all its rows. Without this script the forms are plain ones.
(function () {
  "use strict";

  function drop(form) {
    const input = form.querySelector("input[type=file]");
    if (!input || !window.DataTransfer) return;
    const hint = document.createElement("p");
    hint.className = "kern-hint rs-hint";
    hint.setAttribute("role", "status");
    hint.textContent = form.dataset.drop;
    input.insertAdjacentElement("afterend", hint);
    form.addEventListener("dragover", (e) => {
      if (!Array.from(e.dataTransfer.types).includes("Files")) return;
      e.preventDefault();
      e.dataTransfer.dropEffect = "copy";
    });
    form.addEventListener("drop", (e) => {
      if (!e.dataTransfer.files.length) return;
      e.preventDefault();
      const all = new DataTransfer();
      if (input.multiple) Array.from(input.files).forEach((f) => all.items.add(f));
      const dropped = Array.from(e.dataTransfer.files);
      (input.multiple ? dropped : dropped.slice(0, 1)).forEach((f) => all.items.add(f));
      input.files = all.files;
      input.dispatchEvent(new Event("change"));
    });
    input.addEventListener("change", () => {
      const names = Array.from(input.files).map((f) => f.name);
      hint.textContent = names.length ? names.join(", ") : form.dataset.drop;
    });
  }

  function choose(table) {
    const head = table.querySelector("thead th");
    const boxes = Array.from(table.querySelectorAll("tbody input[type=checkbox]"));
    if (!head || !boxes.length) return;
    const all = document.createElement("input");
    all.type = "checkbox";
    all.setAttribute("aria-label", table.dataset.choose);
    all.addEventListener("change", () => boxes.forEach((b) => { b.checked = all.checked; }));
    head.replaceChildren(all);
  }

  document.querySelectorAll("form[data-drop]").forEach(drop);
  document.querySelectorAll("table[data-choose]").forEach(choose);
})();
