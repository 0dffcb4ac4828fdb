// A form of filters sends itself when a choice changes (data-autosubmit); typed text waits for Enter or the button.
// Empty fields stay out of the address, so that a filter is a short link that can be kept.
(function () {
  "use strict";
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosubmit]");
    if (form && event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date], input[type=month]")) {
      form.requestSubmit();
    }
  });
  // Where there is room the filters stand open (data-fold); on a phone they fold away under their summary.
  document.addEventListener("DOMContentLoaded", () => {
    const room = window.matchMedia("(min-width: 720px)");
    const unfold = () => {
      for (const fold of document.querySelectorAll("details[data-fold]")) fold.open = fold.open || room.matches;
    };
    unfold();
    room.addEventListener("change", unfold);
  });
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData.entries()]) {
      if (value === "" && event.formData.getAll(name).length === 1) event.formData.delete(name);
    }
  });
})();
