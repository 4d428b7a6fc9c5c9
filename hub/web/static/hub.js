// Keyboard and the little that is live. Without it every page works all the same.
(() => {
  "use strict";
  const rows = () => Array.from(document.querySelectorAll("tr.row a.whole"));
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    all[Math.min(all.length - 1, Math.max(0, at + step))].focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, textarea, select")) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "?") document.getElementById("keys")?.showModal();
    else return;
    event.preventDefault();
  });
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const refresh = async () => {
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" }, cache: "no-store" });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      const current = document.querySelector("[data-live]");
      if (!fresh || fresh.innerHTML === current.innerHTML) return;
      const focused = document.activeElement?.getAttribute("href");
      current.replaceWith(fresh);
      if (focused) document.querySelector(`tr.row a.whole[href="${CSS.escape(focused)}"]`)?.focus();
    } catch { /* offline: the page stays as it is, and the next round tries again */ }
  };
  setInterval(() => { if (!document.hidden) refresh(); }, Number(live.dataset.live) * 1000);
})();
