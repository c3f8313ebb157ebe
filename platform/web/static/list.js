// A table with data-choose="label" gets a box in its head that ticks all its rows; with Shift held down, a box ticks all
// rows since the last one. Without this script every row has its box all the same.
(function () {
  "use strict";

  function choose(table) {
    const head = table.querySelector("thead th");
    const boxes = Array.from(table.querySelectorAll("tbody input[type=checkbox]"));
    if (!head || !boxes.length) return;
    const all = document.createElement("input");
    all.type = "checkbox";
    all.setAttribute("aria-label", table.dataset.choose);
    const count = () => {
      const ticked = boxes.filter((b) => b.checked).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    };
    let last = -1;
    boxes.forEach((box, i) => box.addEventListener("click", (e) => {
      if (e.shiftKey && last >= 0) {
        boxes.slice(Math.min(last, i), Math.max(last, i) + 1).forEach((b) => { b.checked = box.checked; });
      }
      last = i;
      count();
    }));
    all.addEventListener("change", () => {
      boxes.forEach((b) => { b.checked = all.checked; });
      count();
    });
    head.replaceChildren(all);
    count();
  }

  document.querySelectorAll("table[data-choose]").forEach(choose);
})();
