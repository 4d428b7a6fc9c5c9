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
  const named = document.title;
  const inTitle = (part) => {
    const waiting = Number(part.dataset.unopened ?? 0);
    document.title = waiting ? `(${waiting}) ${named}` : named;
  };
  inTitle(live);

  // What is read aloud: that something new came, else how many there are now.
  const tell = (fresh, current) => {
    const more = Number(fresh.dataset.total ?? 0) - Number(current.dataset.total ?? 0);
    if (more > 0 && fresh.dataset.oneNew) told.textContent = more === 1 ? fresh.dataset.oneNew : fresh.dataset.manyNew;
    else if (counted(fresh) !== counted(current)) told.textContent = counted(fresh);
  };
  // The row in hand, else the first in sight, stays where it is on the screen.
  const held = (current) => {
    const focused = current.contains(document.activeElement) ? document.activeElement : null;
    const first = rows().find((row) => row.getBoundingClientRect().top >= 0);
    return { focused: focused?.getAttribute("href"), href: (focused ?? first)?.getAttribute("href"), top: (focused ?? first)?.getBoundingClientRect().top };
  };
  const put = (fresh) => {
    const current = document.querySelector("[data-live]");
    inTitle(fresh);
    if (fresh.innerHTML === current.innerHTML) return;
    if (told) tell(fresh, current);
    const hold = held(current);
    current.replaceWith(document.adoptNode(fresh));
    const again = hold.href && fresh.querySelector(`a[href="${CSS.escape(hold.href)}"]`);
    if (!again) return;
    if (hold.focused) again.focus({ preventScroll: true });
    if (scrollY) scrollBy({ top: again.getBoundingClientRect().top - hold.top, behavior: "instant" });
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
  let again = false;
  const round = async () => {
    if (underWay) again = true; // what was told meanwhile may not be in the answer
    if (document.hidden || underWay) return;
    underWay = true;
    do {
      again = false;
      await refresh();
    } while (again);
    underWay = false;
  };

  // Told by the server when something has changed; without that it asks every few seconds, and times of day are renewed each minute.
  let stream = null;
  let asked = 0;
  const listen = () => {
    if (!live.dataset.changes || stream || document.hidden) return;
    stream = new EventSource(live.dataset.changes);
    stream.addEventListener("changed", round);
    stream.addEventListener("ended", () => (quiet(), round()));
    stream.addEventListener("error", () => stream?.readyState === EventSource.CLOSED && quiet());
  };
  const quiet = () => {
    stream?.close();
    stream = null;
  };
  setInterval(() => {
    asked += 1;
    if (stream?.readyState === EventSource.OPEN && asked % 12) return;
    round();
    if (asked % 12 === 0) listen();
  }, Number(live.dataset.live) * 1000);
  // A page that nobody sees keeps no connection: a browser has six to a host.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return quiet();
    listen();
    round();
  });
  addEventListener("offline", () => (quiet(), round()));
  addEventListener("online", () => (listen(), round()));
  addEventListener("pagehide", quiet);
  listen();
})();
