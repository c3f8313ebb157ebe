// Files can be dropped onto a form with data-drop="what to do here". Without this script the forms are plain ones.
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

  document.querySelectorAll("form[data-drop]").forEach(drop);
})();
