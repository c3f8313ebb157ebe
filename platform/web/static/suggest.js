// Suggestions for inputs with data-suggest="/address?name=": an editable combobox with list autocomplete as in the ARIA
// Authoring Practices. Without this script the inputs are plain ones.
(function () {
  "use strict";
  const DELAY = 150;
  let count = 0;

  function enhance(input) {
    const list = document.createElement("ul");
    list.id = "rs-suggest-" + ++count;
    list.className = "rs-suggest";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.dataset.suggestLabel || "");
    list.hidden = true;
    input.insertAdjacentElement("afterend", list);
    input.parentElement.classList.add("rs-suggest-field");
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("autocomplete", "off");

    const known = new Map();
    let timer = 0, asked = 0, active = -1, typed = input.value;

    function close() {
      clearTimeout(timer);
      asked++;
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function show(texts) {
      list.replaceChildren(...texts.map((text, i) => {
        const item = document.createElement("li");
        item.id = list.id + "-" + i;
        item.className = "rs-suggest__item";
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = text;
        return item;
      }));
      active = -1;
      input.removeAttribute("aria-activedescendant");
      list.hidden = texts.length === 0;
      input.setAttribute("aria-expanded", String(texts.length > 0));
    }

    function mark(i) {
      const items = list.children;
      if (active >= 0) items[active].setAttribute("aria-selected", "false");
      active = i;
      if (i < 0) {
        input.removeAttribute("aria-activedescendant");
        input.value = typed;
        return;
      }
      items[i].setAttribute("aria-selected", "true");
      items[i].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", items[i].id);
      input.value = items[i].textContent;
    }

    async function ask() {
      const value = input.value, turn = ++asked;
      if (value.trim().length < 2) { show([]); return; }
      let texts = known.get(value);
      if (!texts) {
        try {
          const answer = await fetch(input.dataset.suggest + encodeURIComponent(value), { headers: { Accept: "application/json" } });
          if (!answer.ok) return;
          texts = (await answer.json()).suggestions;
        } catch (e) { return; } // no network: a plain input
        known.set(value, texts);
      }
      if (turn === asked && document.activeElement === input) show(texts);
    }

    input.addEventListener("input", () => {
      typed = input.value;
      clearTimeout(timer);
      timer = setTimeout(ask, DELAY);
    });
    input.addEventListener("keydown", (e) => {
      const n = list.hidden ? 0 : list.children.length;
      if (e.isComposing || e.ctrlKey || e.metaKey) return;
      switch (e.key) {
        case "ArrowDown":
          if (n) mark(active + 1 < n ? active + 1 : -1); else ask();
          break;
        case "ArrowUp":
          if (!n) return;
          mark(active < 0 ? n - 1 : active - 1);
          break;
        case "Escape":
          if (!n) return;
          input.value = typed;
          close();
          break;
        case "Enter":
          close();
          return; // the form is sent with what stands in the input
        case "Tab":
          close();
          return;
        default:
          return;
      }
      e.preventDefault();
    });
    input.addEventListener("blur", close);
    list.addEventListener("mousedown", (e) => e.preventDefault()); // the focus stays in the input
    list.addEventListener("click", (e) => {
      const item = e.target.closest("[role=option]");
      if (!item) return;
      input.value = typed = item.textContent;
      close();
      input.focus();
    });
  }

  document.querySelectorAll("input[data-suggest]").forEach(enhance);
})();
