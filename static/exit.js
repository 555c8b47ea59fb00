// Leave at once, and leave nothing to come back to: the page is replaced, Min plats is closed behind one's back, and whoever
// goes back from there sees none of the pages before it. Runs before anything is shown, so it is no module.
(() => {
  const KEY = "left";
  const kept = (work) => {
    try {
      return work(window.sessionStorage);
    } catch {
      return null;
    }
  };
  const awayAgain = () => {
    const address = kept((storage) => storage.getItem(KEY));
    if (!address) return;
    document.documentElement.hidden = true;
    window.location.replace(address);
  };

  if (window.performance.getEntriesByType("navigation")[0]?.type === "back_forward") awayAgain();
  else kept((storage) => storage.removeItem(KEY));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) awayAgain();
  });

  document.addEventListener("click", (event) => {
    const exit = event.target.closest?.("a.exit");
    if (!exit) return;
    event.preventDefault();
    kept((storage) => storage.setItem(KEY, exit.dataset.exit));
    if (exit.href !== exit.dataset.exit) fetch(exit.href, { redirect: "manual", keepalive: true });
    window.location.replace(exit.dataset.exit);
  });
})();
