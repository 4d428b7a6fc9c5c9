// Keyboard and the little that is live. Without it every page works all the same.
(() => {
  "use strict";
  const rows = () => Array.from(document.querySelectorAll("tr.row a.whole"));
  const keys = document.getElementById("keys");
  const hint = document.getElementById("keys-hint");
  if (hint) hint.hidden = false;

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    all[Math.min(all.length - 1, Math.max(0, at + step))].focus();
  };
  // A letter leads to a deed and does not do it: a slip of the hand must not accept a task.
  const goTo = (key) => {
    const there = /^[a-z]$/.test(key) && document.querySelector(`[data-key="${key}"]`);
    if (!there) return false;
    const form = there.closest("details")?.querySelector("form") ?? there.closest("form");
    if (there.matches("summary")) there.parentElement.open = true;
    const first = form?.querySelector("input:not([type=hidden]), select, textarea") ?? there;
    first.scrollIntoView({ block: "center" });
    first.focus({ preventScroll: true });
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (document.body.dataset.keys === "off" || event.ctrlKey || event.altKey || event.metaKey || keys?.open) return;
    if (event.target instanceof Element && event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select")) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "?") keys?.showModal();
    else if (!goTo(event.key)) return;
    event.preventDefault();
  });

  for (const button of document.querySelectorAll("[data-shows]")) {
    const input = document.getElementById(button.dataset.shows);
    const show = button.textContent;
    const turn = (shown) => {
      input.type = shown ? "text" : "password";
      button.textContent = shown ? button.dataset.hide : show;
      button.setAttribute("aria-pressed", String(shown));
    };
    button.hidden = false;
    button.addEventListener("click", () => turn(input.type === "password"));
    input.form.addEventListener("submit", () => turn(false)); // so that no browser keeps it as plain text
  }

  for (const form of document.querySelectorAll('form[method="post"]:not([data-sending])')) {
    let sent = -Infinity;
    form.addEventListener("submit", (event) => {
      // Some answers take a second: one more tap would give up that of the first, which has its effect all the same.
      if (event.timeStamp - sent < 3000) event.preventDefault();
      else sent = event.timeStamp;
    });
    addEventListener("pageshow", () => (sent = -Infinity));
  }

  for (const form of document.querySelectorAll("form[data-sending]")) {
    const button = form.querySelector("button");
    const told = form.querySelector("[data-sending-told]");
    const takes = told.textContent;
    let sent = false;
    form.addEventListener("submit", (event) => {
      const away = !navigator.onLine; // the form stays as it is, instead of the browser's own page
      if (sent || away) event.preventDefault(); // or a second tap while the first is on its way
      if (sent) return;
      told.textContent = away ? form.dataset.offline : takes;
      told.hidden = false;
      if (away) return;
      sent = true;
      button.textContent = form.dataset.sending;
      button.setAttribute("aria-disabled", "true");
    });
    addEventListener("pagehide", () => form.reset()); // whoever goes back finds nothing of what was typed
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  for (const input of document.querySelectorAll("input[data-copied]")) {
    input.addEventListener("focus", () => input.select()); // one tap marks the whole link
  }

  const live = document.querySelector("[data-live]");
  if (!live) return;
  const stale = document.getElementById("stale");
  const told = document.getElementById("told");
  const counted = (part) => part.querySelector("[data-told]")?.textContent ?? "";

  const put = (fresh) => {
    const current = document.querySelector("[data-live]");
    if (fresh.innerHTML === current.innerHTML) return;
    if (told && counted(fresh) !== counted(current)) told.textContent = counted(fresh);
    const focused = current.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    current.replaceWith(document.adoptNode(fresh));
    if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  const refresh = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store", headers: { "Hub-Live": "1" }, signal: AbortSignal.timeout(4000) });
      if (answer.status === 401) return location.reload(); // signed out, or the session has ended by itself: the page must not stay
      if (!answer.ok) throw new Error("not now");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if (fresh) put(fresh);
      stale.hidden = true;
    } catch {
      stale.hidden = false; // the page stays as it is and says so; the next round tries again
    }
  };
  let underWay = false;
  const round = async () => {
    if (document.hidden || underWay) return;
    underWay = true;
    await refresh();
    underWay = false;
  };
  setInterval(round, Number(live.dataset.live) * 1000);
  document.addEventListener("visibilitychange", round);
})();
