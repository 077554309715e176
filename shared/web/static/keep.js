// What is sent where the line may break: a phone's form in a tunnel, a sheet of many rows.
(() => {
  // A form that is sent where the line may break: what was typed stays in it, here and nowhere else, and it is sent again by
  // itself, once there is a line and ever less often while nobody answers. Its key makes that one sending, however many
  // arrived. Without a script the browser asks.
  const FIRST = 5000, LONGEST = 60000;  // milliseconds
  const again = (form) => form.isConnected && "waits" in form.dataset && !form.hasAttribute("aria-busy") && send(form);
  const send = async (form) => {
    const unsent = form.querySelector("[data-unsent]");
    form.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(form));
      const signal = AbortSignal.timeout(30000); // a tunnel often says nothing at all
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" }, signal });
      if (answer.status >= 502) throw new TypeError("nobody answers");
      if (answer.redirected) return location.assign(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector("main").replaceWith(page.querySelector("main"));
      (document.querySelector(".to-mend") ?? document.querySelector("main")).focus();
    } catch {
      if (unsent.hidden) {
        unsent.hidden = false;
        unsent.focus();
      }
      form.dataset.waits = Math.min(LONGEST, 2 * form.dataset.waits || FIRST);
      clearTimeout(form.next);
      form.next = setTimeout(again, form.dataset.waits, form);
    }
    form.removeAttribute("aria-busy");
  };
  document.addEventListener("submit", (event) => {
    if (!("keep" in event.target.dataset)) return;
    event.preventDefault();
    if (!event.target.hasAttribute("aria-busy")) send(event.target);
  });
  addEventListener("online", () => document.querySelectorAll("form[data-waits]").forEach(again));

  // A sheet goes as it lies on the disk, piece by piece; what comes back is said where it was sent.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.dataset.sheet) return;
    event.preventDefault();
    const report = form.querySelector("[data-report]");
    const say = (line) => report.append(Object.assign(document.createElement("p"), { textContent: line }));
    report.replaceChildren();
    try {
      const answer = await fetch(`${form.dataset.sheet}/${form.querySelector("select").value}`, {
        method: "POST",
        body: form.querySelector("[type=file]").files[0],
        headers: { "Content-Type": "text/csv", Accept: "application/json", "X-CSRF-Token": form.dataset.token },
      });
      const found = await answer.json();
      say(answer.ok ? report.dataset.taken.replace("{n}", found.rows) : found.detail);
      for (const row of found.rows?.length ? found.rows : [])
        say(report.dataset.row.replace(/{(\w+)}/g, (_, name) => row[name] || "–"));
    } catch {
      say(report.dataset.lost);
    }
  });
})();
