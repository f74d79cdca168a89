(function () {
  "use strict";
  var form = document.getElementById("filters");
  if (!form) { return; }
  var rows = Array.prototype.slice.call(document.querySelectorAll("#findings tbody tr"));
  var shown = document.getElementById("shown");
  var text = document.getElementById("filter-text");
  var severity = document.getElementById("filter-severity");
  var states = Array.prototype.slice.call(form.querySelectorAll("input[name=state]"));
  var index = rows.map(function (row) { return row.textContent.toLowerCase(); });

  function apply() {
    var words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var wanted = {};
    states.forEach(function (box) { wanted[box.value] = box.checked; });
    var n = 0;
    rows.forEach(function (row, i) {
      var keep = wanted[row.dataset.state] &&
        (severity.value === "" || row.dataset.severity === severity.value) &&
        words.every(function (w) { return index[i].indexOf(w) >= 0; });
      row.hidden = !keep;
      if (keep) { n++; }
    });
    shown.textContent = n === rows.length ? "All " + n + " findings" : n + " of " + rows.length + " findings";
  }

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("change", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  Array.prototype.forEach.call(document.querySelectorAll("a[data-state]"), function (link) {
    link.addEventListener("click", function () {
      states.forEach(function (box) { box.checked = box.value === link.dataset.state; });
      severity.value = link.dataset.severity || "";
      text.value = "";
      apply();
    });
  });
  apply();
})();
