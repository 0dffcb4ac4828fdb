// data-dismiss=".message": removes the nearest ancestor that matches, and hands the focus on.
(function () {
  "use strict";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dismiss]");
    if (!button) return;
    button.closest(button.dataset.dismiss)?.remove();
    document.getElementById("main")?.focus({ preventScroll: true });
  });
})();
