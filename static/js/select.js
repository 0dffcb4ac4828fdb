// Rows that can be ticked, and the bar that says how many and how much.
//
// <form data-select>
//   <input type="checkbox" data-select-all>                       ticks every row of the page
//   <input type="checkbox" data-select-row data-amount="12.50">   amount: plain decimal, exact
//   <div data-select-bar hidden> <b data-select-count></b> <b data-select-sum></b>
//     <button data-select-label="Approve {count} proposals">      optional: the button names its number
//   <p data-select-filter hidden> <button type="button" data-select-filter-all>  "all 148 in this filter"
//   <input type="hidden" name="scope" value="page" data-select-scope data-total-count="148" data-total-sum="12.00">
(function () {
  "use strict";
  const SCALE = 10000n; // money's scale: four decimals, added up without rounding

  function raw(text) {
    const match = /^(-?)(\d+)(?:\.(\d{1,4}))?/.exec(text || "0");
    if (!match) return 0n;
    const value = BigInt(match[2]) * SCALE + BigInt((match[3] || "").padEnd(4, "0"));
    return match[1] ? -value : value;
  }

  function written(value) {
    const digits = Number(document.body.dataset.decimals || 2);
    const size = value < 0n ? -value : value;
    const text = `${size / SCALE}.${String(size % SCALE).padStart(4, "0")}`;
    const shown = new Intl.NumberFormat(document.body.dataset.locale || "en", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(text);
    return value < 0n ? `(${shown})` : shown;
  }

  function refresh(form) {
    const rows = [...form.querySelectorAll("[data-select-row]:not(:disabled)")];
    const ticked = rows.filter((row) => row.checked);
    const scope = form.querySelector("[data-select-scope]");
    const all = form.querySelector("[data-select-all]");
    if (all) {
      all.checked = rows.length > 0 && ticked.length === rows.length;
      all.indeterminate = ticked.length > 0 && ticked.length < rows.length;
    }
    if (scope && ticked.length < rows.length) scope.value = "page";
    const filtered = scope && scope.value === "filter";
    const count = filtered ? Number(scope.dataset.totalCount) : ticked.length;
    const sum = filtered
      ? raw(scope.dataset.totalSum)
      : ticked.reduce((total, row) => total + raw(row.dataset.amount), 0n);
    for (const bar of form.querySelectorAll("[data-select-bar]")) bar.hidden = ticked.length === 0;
    for (const place of form.querySelectorAll("[data-select-count]")) place.textContent = String(count);
    for (const place of form.querySelectorAll("[data-select-sum]")) place.textContent = written(sum);
    for (const button of form.querySelectorAll("[data-select-label]")) {
      const one = count === 1 && button.dataset.selectLabelOne;
      button.textContent = (one || button.dataset.selectLabel).replace("{count}", String(count));
    }
    for (const offer of form.querySelectorAll("[data-select-filter]")) {
      offer.hidden = !(ticked.length > 0 && ticked.length === rows.length && scope &&
        Number(scope.dataset.totalCount) > rows.length && !filtered);
    }
    for (const row of rows) row.closest("tr, li")?.classList.toggle("is-selected", row.checked);
  }

  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-select]");
    if (!form) return;
    if (event.target.matches("[data-select-all]")) {
      for (const row of form.querySelectorAll("[data-select-row]:not(:disabled)")) row.checked = event.target.checked;
    }
    refresh(form);
  });
  document.addEventListener("click", (event) => {
    const offer = event.target.closest("[data-select-filter-all]");
    const clear = event.target.closest("[data-select-clear]");
    const form = (offer || clear)?.closest("[data-select]");
    if (!form) return;
    if (offer) form.querySelector("[data-select-scope]").value = "filter";
    if (clear) for (const row of form.querySelectorAll("[data-select-row]")) row.checked = false;
    refresh(form);
  });
  function refreshAll(root) {
    for (const form of root.querySelectorAll("[data-select]")) refresh(form);
  }
  document.addEventListener("DOMContentLoaded", () => refreshAll(document));
  window.addEventListener("pageshow", () => refreshAll(document)); // the back button brings ticks back
  document.addEventListener("htmx:afterSettle", () => refreshAll(document));
})();
