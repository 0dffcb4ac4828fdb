/* [data-range-choice="range"] is a select; its form's [data-range-day] fields show only while that value is chosen. */
"use strict";
document.querySelectorAll("[data-range-choice]").forEach((choice) => {
  const days = choice.form.querySelectorAll("[data-range-day]");
  const show = () => {
    days.forEach((day) => {
      day.parentElement.hidden = choice.value !== choice.dataset.rangeChoice;
    });
  };
  choice.addEventListener("change", show);
  show();
});
