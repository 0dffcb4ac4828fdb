// On the columns page the values beside a choice follow it: they are taken from the table of the sheet's first rows.
(function () {
  "use strict";
  const SHOWN = 3;
  function valuesOf(table, number) {
    const cells = [...table.tBodies[0].rows].map((row) => row.cells[number]?.textContent.trim() || "");
    return cells.filter(Boolean).slice(0, SHOWN).join(", ");
  }
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-column-choice]")) return;
    const row = event.target.closest("[data-column-row]");
    const table = document.querySelector("[data-column-samples]");
    if (!row || !table) return;
    const chosen = [...row.querySelectorAll("[data-column-choice]")].map((choice) => choice.value).filter(Boolean);
    row.querySelector("[data-column-sample]").textContent = chosen.map((number) => valuesOf(table, Number(number))).join(" · ");
  });
})();
