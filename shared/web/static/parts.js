// What htmx leaves to us: a part that fails says so in its own place, and "Leave this page" leaves no way back.
(() => {
  const show = (part, silent) => {
    part.removeAttribute("aria-busy");
    part.dataset.part = silent ? "silent" : "here";
    part.querySelector("[data-silent]").hidden = !silent;
    part.querySelector("[data-body]").hidden = silent;
  };
  const part = (event) => (event.target.matches?.("[data-part]") ? event.target : null);

  document.addEventListener("htmx:before:request", (event) => part(event)?.setAttribute("aria-busy", "true"));
  // 5xx, a broken line or no answer in time; a refusal (4xx) comes with its own words, which htmx puts in place
  document.addEventListener("htmx:response:error", (event) => {
    if (part(event) && event.detail.ctx.response.status >= 500) show(part(event), true);
  });
  document.addEventListener("htmx:error", (event) => part(event) && show(part(event), true));
  document.addEventListener("htmx:after:swap", (event) => {
    if (part(event) && event.detail.ctx.response?.status < 500) show(part(event), false);
  });

  document.addEventListener("click", (event) => {
    const again = event.target.closest("[data-again]");
    if (again) htmx.trigger(again.closest("[data-part]"), "again");
  });

  // Gone at once, and no way back: the session is ended behind it, however slow the line is.
  document.addEventListener("submit", (event) => {
    const to = event.target.dataset.leave;
    if (!to) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(event.target));
    fetch(event.target.action, { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => {});
    location.replace(to);
  });

  // A summary of what to mend is read first: the reader lands on it, its links lead to the fields.
  document.querySelector(".to-mend")?.focus();
})();
