// A code after # in the address never reaches the server. Put it into the field, and take it out of the address.
const field = document.querySelector("input#kod");
const bare = (text) => text.replace(/[^0-9A-Za-z]/g, "").toUpperCase();
const code = decodeURIComponent(window.location.hash.slice(1)).replace(/[^0-9A-Za-z-]/g, "").slice(0, 40);
const here = window.location.pathname + window.location.search;
if (code && field) {
  field.value = code;
  window.history.replaceState(null, "", here);
  field.form.querySelector("button").focus();
} else if (code) {
  // A place is open already. Its own code changes nothing; another one is asked about.
  const shown = document.querySelector("p.code")?.textContent ?? "";
  if (bare(shown) === bare(code)) window.history.replaceState(null, "", here);
  else window.location.replace(`/min-plats?byt=1#${code}`);
}
