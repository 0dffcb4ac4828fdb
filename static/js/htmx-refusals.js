// htmx leaves the page as it is when the server refuses; the refusal's sentence is shown among the messages instead.
(function () {
  "use strict";

  function say(text) {
    const region = document.getElementById("messages");
    if (!region) return;
    const box = document.createElement("div");
    box.className = "message message-error";
    box.setAttribute("role", "alert");
    const words = document.createElement("p");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "message-close";
    close.dataset.dismiss = ".message";
    close.setAttribute("aria-label", "Dismiss");
    close.textContent = "×";
    box.append(words, close);
    region.append(box);
    box.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const sentence = page.querySelector("[data-refusal]");
    say(sentence ? sentence.textContent.trim() : "The server could not answer. Nothing was saved; reload the page and try again.");
  });
  document.addEventListener("htmx:sendError", () => {
    say("The server cannot be reached. Nothing was saved; check the connection and press again.");
  });
})();
