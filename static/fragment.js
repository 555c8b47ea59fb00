// A code after # in the address never reaches the server. Put it into the field, and take it out of the address.
const field = document.querySelector("input#kod");
const bare = (text) => text.replace(/[^0-9A-Za-z]/g, "").toUpperCase();
const decoded = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
};
const take = () => {
  const said = decoded(window.location.hash.slice(1));
  // A place on the page, such as its main content, is no code.
  if (!window.location.hash || (said && document.getElementById(said))) return;
  const code = said.replace(/[^0-9A-Za-z-]/g, "").slice(0, 40);
  // A place is open already. Its own code changes nothing; another one is asked about.
  const shown = document.querySelector("p.code")?.textContent ?? "";
  if (code && !field && bare(shown) !== bare(code)) {
    window.location.replace(`/min-plats?byt=1#${code}`);
    return;
  }
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  if (!code || !field) return;
  field.value = code;
  field.form.querySelector("button").focus();
};
// A second code that is scanned into the same tab changes nothing but what stands behind #.
window.addEventListener("hashchange", take);
take();
