// Finds things on a page by what a person reads. Evaluated before each call; leaves nothing on the page.
var e2e = (() => {
  const clean = (s) => (s || "").replace(/\u00ad/g, "").replace(/\s+/g, " ").trim();
  const bare = (s) => clean(s).replace(/ \((freiwillig|optional)\)$/, "");
  const seen = (e) => e.checkVisibility && e.checkVisibility() && e.getClientRects().length > 0;
  // The best matches: those with exactly this name, else those that begin with it. Names are compared without blanks:
  // words that only a screen reader gets stand on lines of their own in innerText, and blocks stick together in textContent.
  const best = (all, name, text) => {
    const tight = (s) => bare(s).replace(/ /g, "");
    const wanted = tight(text);
    const exact = all.filter((e) => tight(name(e)) === wanted);
    return exact.length ? exact : all.filter((e) => tight(name(e)).startsWith(wanted));
  };
  // What a screen reader calls it, roughly.
  const called = (e) => {
    const by = (e.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent).filter(Boolean).join(" ");
    return by || e.getAttribute("aria-label") || e.textContent || e.value || "";
  };
  const labelled = (e) => (e.labels && e.labels.length ? [...e.labels].map((l) => l.textContent).join(" ") : called(e));
  const controls = () => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(seen);
  const groups = () => [...document.querySelectorAll("fieldset")].filter(seen);
  // "Schritt 1: Frist" is the field, or the group, in the group of that legend.
  const group = (legend) => {
    const at = legend.indexOf(": ");
    const where = at > 0 && group(legend.slice(0, at));
    const all = where ? groups().filter((f) => f !== where && where.contains(f)) : groups();
    return best(all, (f) => f.querySelector("legend")?.textContent, where ? legend.slice(at + 2) : legend)[0];
  };
  const control = (label) => {
    const at = label.indexOf(": ");
    const where = at > 0 && group(label.slice(0, at));
    const all = where ? controls().filter((c) => where.contains(c)) : controls();
    return best(all, labelled, where ? label.slice(at + 2) : label)[0] || null;
  };
  const buttons = (text) => best([...document.querySelectorAll("button, input[type=submit]")].filter(seen), called, text);
  const links = (text) => best([...document.querySelectorAll("a[href]")].filter(seen), called, text);
  const first = (kind, text) => (kind === "button" ? buttons(text) : links(text))[0];
  return {
    file: (label) => best(controls().filter((c) => c.type === "file"), labelled, label)[0] || null,
    fill(label, value, parts) {
      const e = control(label);
      if (e && e.tagName === "SELECT") {
        const o = best([...e.options], (o) => o.text, value)[0];
        if (!o) return "no option " + value;
        e.value = o.value;
        e.dispatchEvent(new Event("change", { bubbles: true }));
        return "done";
      }
      if (e && (e.type === "checkbox" || e.type === "radio" || e.type === "file")) return "not a field to type in";
      if (e) {
        e.focus();
        e.select();
        return "typed";
      }
      const f = group(label);
      if (f && parts.length === 3 && f.querySelectorAll("input").length === 3) return "date";
      return "no such field; there are: " + controls().map((c) => bare(labelled(c))).join(" | ");
    },
    datePart(label, i) {
      const e = group(label).querySelectorAll("input")[i];
      e.focus();
      e.select();
      return true;
    },
    choose(label, legend) {
      const where = legend ? group(legend) : document;
      if (!where) return "no group " + legend;
      const all = controls().filter((c) => where.contains(c) && (c.type === "radio" || c.type === "checkbox"));
      const found = best(all, labelled, label);
      if (found.length === 0) return "no such choice; there are: " + all.map((c) => bare(labelled(c))).join(" | ");
      if (found.length > 1) return "several have this label: name the group too";
      if (!found[0].checked) found[0].click();
      return found[0].checked ? "" : "cannot be ticked";
    },
    button(text) {
      const e = first("button", text);
      if (!e) return "no such button; there are: " + buttons("").map((b) => clean(called(b))).join(" | ");
      if (e.disabled) return "is disabled";
      return e.type === "submit" && e.form && e.form.method !== "dialog" && !e.hasAttribute("commandfor") ? "leads" : "stays";
    },
    link(text) {
      const e = first("link", text);
      if (!e) return "no such link; there are: " + links("").map((a) => clean(called(a))).join(" | ");
      const here = location.href.split("#")[0];
      return e.hash && e.href.split("#")[0] === here ? "stays" : "leads";
    },
    href: (text) => links(text)[0]?.href || "",
    unfold(summary) {
      const s = best([...document.querySelectorAll("summary")].filter(seen), called, summary)[0];
      if (s) s.parentElement.open = true;
      return !!s;
    },
    hit(kind, text) {
      first(kind, text).click();
      return true;
    },
  };
})();
