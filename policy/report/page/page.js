// The page is whole without this: everything is there, and open. Here it is
// folded, filtered, and the filter kept in the address, so that a link shows
// the same again.
(function () {
  "use strict";
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  function byId(id) { return document.getElementById(id); }
  var form = byId("filters"), shown = byId("shown"), text = byId("filter-text"), component = byId("filter-component");
  var states = all("input[name=state]"), severities = all("input[name=severity]");
  var items = all(".finding").map(function (el) {
    return { el: el, text: el.textContent.toLowerCase(), component: el.parentNode.dataset.component };
  });
  var groups = all(".group"), folds = all("details");
  function have(state) { return items.some(function (i) { return i.el.dataset.state === state; }); }
  // Passing findings are many and ask for nothing: shown when asked for, or
  // when there is nothing else.
  var usual = ["fail", "unknown", "waived"].filter(have);
  if (!usual.length) { usual = states.map(function (box) { return box.value; }); }

  function checked(boxes) {
    return boxes.filter(function (b) { return b.checked; }).map(function (b) { return b.value; });
  }
  function same(a, b) { return a.slice().sort().join() === b.slice().sort().join(); }

  // The filter as the address has it: what is usual is left out.
  function address() {
    var p = new URLSearchParams(), s = checked(states), v = checked(severities);
    if (!same(s, usual)) { p.set("state", s.join(",") || "none"); }
    if (v.length !== severities.length) { p.set("severity", v.join(",") || "none"); }
    if (component.value) { p.set("component", component.value); }
    if (text.value) { p.set("text", text.value); }
    return p.toString();
  }
  function read(query) {
    var p = new URLSearchParams(query);
    var s = p.has("state") ? p.get("state").split(",") : usual;
    var v = p.has("severity") ? p.get("severity").split(",") : null;
    states.forEach(function (b) { b.checked = s.indexOf(b.value) >= 0; });
    severities.forEach(function (b) { b.checked = !v || v.indexOf(b.value) >= 0; });
    component.value = p.get("component") || "";
    if (component.selectedIndex < 0) { component.value = ""; }
    text.value = p.get("text") || "";
  }
  function apply() {
    var words = text.value.toLowerCase().split(/\s+/).filter(Boolean), s = checked(states), v = checked(severities), n = 0;
    items.forEach(function (i) {
      var keep = s.indexOf(i.el.dataset.state) >= 0 && v.indexOf(i.el.dataset.severity) >= 0 &&
        (!component.value || component.value === i.component) &&
        words.every(function (w) { return i.text.indexOf(w) >= 0; });
      i.el.hidden = !keep;
      if (keep) { n++; }
    });
    groups.forEach(function (g) { g.hidden = !g.querySelector(".finding:not([hidden])"); });
    shown.textContent = n === items.length ? "All " + n + " findings" : n + " of " + items.length + " findings";
  }
  function keep() {
    apply();
    var q = address();
    try { history.replaceState(null, "", q ? "#" + q : location.pathname + location.search); } catch (e) { location.hash = q; }
  }

  // An address is a filter, a finding, or a section of the page.
  function go() {
    var hash = location.hash.slice(1), target = hash && byId(hash);
    if (hash.indexOf("=") > 0) {
      read(hash);
      apply();
    } else if (target && target.classList.contains("finding")) {
      if (target.hidden) { read("state=" + target.dataset.state); apply(); }
      target.open = true;
      target.scrollIntoView();
      target.querySelector("summary").focus();
    } else if (!hash) {
      read("");
      apply();
    }
  }

  all("[data-filter]").forEach(function (link) {
    var p = new URLSearchParams(link.dataset.filter);
    if (link.dataset.component) { p.set("component", link.dataset.component); }
    link.href = "#" + p;
    link.addEventListener("click", function () { byId("findings").scrollIntoView(); });
  });
  form.addEventListener("input", keep);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  byId("reset").addEventListener("click", function () { read(""); keep(); });
  byId("everything").addEventListener("click", function () {
    read("state=" + states.map(function (b) { return b.value; }).join());
    keep();
  });
  byId("open-all").addEventListener("click", function () { items.forEach(function (i) { i.el.open = true; }); });
  byId("close-all").addEventListener("click", function () { items.forEach(function (i) { i.el.open = false; }); });

  // The counts of a catalogue's answers choose among its controls; none chosen is
  // all of them.
  all(".framework").forEach(function (framework) {
    var counts = Array.prototype.slice.call(framework.querySelectorAll(".tally [data-answer]"));
    var rows = Array.prototype.slice.call(framework.querySelectorAll("tr[data-answer]"));
    counts.forEach(function (count) {
      var button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      while (count.firstChild) { button.appendChild(count.firstChild); }
      count.appendChild(button);
      button.addEventListener("click", function () {
        button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
        var chosen = counts.filter(function (c) { return c.querySelector("[aria-pressed=true]"); }).map(function (c) { return c.dataset.answer; });
        rows.forEach(function (row) { row.hidden = chosen.length > 0 && chosen.indexOf(row.dataset.answer) < 0; });
      });
    });
  });

  // Paper can't be unfolded.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = folds.filter(function (d) { return !d.open; });
    folded.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () {
    folded.forEach(function (d) { d.open = false; });
    folded = [];
  });

  // How long a waiver still lasts is told when the page is read: what was
  // decided does not hang on that.
  all("[data-expires]").forEach(function (cell) {
    var days = Math.floor((Date.parse(cell.dataset.expires + "T23:59:59Z") - Date.now()) / 864e5);
    if (!(days <= 14)) { return; }
    var note = document.createElement("span");
    note.className = "badge " + (days < 0 ? "s-fail" : "s-medium");
    note.textContent = days < 0 ? "over since this was decided" : days === 0 ? "ends today" : days === 1 ? "ends tomorrow" : "ends in " + days + " days";
    cell.appendChild(document.createTextNode(" "));
    cell.appendChild(note);
  });

  // A few are read at once; of many, first a list.
  var few = items.filter(function (i) { return usual.indexOf(i.el.dataset.state) >= 0; }).length <= 25;
  items.forEach(function (i) { i.el.open = few && (i.el.dataset.state === "fail" || i.el.dataset.state === "unknown"); });
  all(".refs").forEach(function (d) { d.open = false; });
  form.hidden = false;
  read("");
  apply();
  window.addEventListener("hashchange", go);
  if (location.hash) { go(); }
})();
