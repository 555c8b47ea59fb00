// Somebody else may come back to this page, on a tablet that goes round: what was written here goes when the page is left,
// and a page that the browser has kept whole is asked for anew.
const clear = () => {
  for (const field of document.querySelectorAll("form#svar *, form#sprak *")) {
    if (field.type === "radio") field.checked = false;
    else if (field.name === "kod" || field.localName === "textarea") field.value = "";
  }
};
window.addEventListener("pagehide", clear);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.replace(document.documentElement.dataset.again ?? window.location.href);
});
