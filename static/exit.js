// Leave at once, and leave nothing to come back to: the page is replaced, and Min plats is closed behind one's back.
const exit = document.querySelector("a.exit");
exit?.addEventListener("click", (event) => {
  event.preventDefault();
  if (exit.href !== exit.dataset.exit) fetch(exit.href, { redirect: "manual", keepalive: true });
  window.location.replace(exit.dataset.exit);
});
