// What somebody answers stays in this window until it lies in the box. No page that the server sends holds an answer, so that
// none can be asked for once more on a tablet that goes round: what was written is put into the page that comes instead, in
// another language, or with what was wrong. On a bad line it stands where it was, to be sent again.
const form = () => document.querySelector("form#svar");
let under = false;

const fill = (written) => {
  for (const field of form()?.elements ?? []) {
    if (field.type === "radio") field.checked = written.get(field.name) === field.value;
    else if (field.localName === "textarea") field.value = written.get(field.name) ?? "";
  }
};
const show = (text, written) => {
  const next = new DOMParser().parseFromString(text, "text/html");
  for (const out of next.querySelectorAll("[data-bare], script")) out.remove();
  for (const name of ["lang", "dir", "data-again"]) {
    const value = next.documentElement.getAttribute(name);
    if (value === null) document.documentElement.removeAttribute(name);
    else document.documentElement.setAttribute(name, value);
  }
  document.title = next.title;
  document.body.replaceWith(document.adoptNode(next.body));
  fill(written);
  window.history.replaceState(null, "", document.documentElement.dataset.again ?? window.location.href);
  const main = document.querySelector("main");
  main.tabIndex = -1;
  (document.querySelector("[autofocus]") ?? main).focus();
  window.scrollTo(0, 0);
};
document.addEventListener("submit", async (event) => {
  const failed = document.querySelector("#inte-framme");
  if (!failed || (event.target !== form() && event.target.id !== "sprak")) return;
  event.preventDefault();
  if (under) return;
  under = true;
  failed.hidden = true;
  const written = new FormData(form());
  try {
    const answer = await fetch(event.submitter?.getAttribute("formaction") ?? event.target.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(event.target)),
      signal: AbortSignal.timeout(30000),
    });
    if (answer.status >= 500 || answer.status === 429) throw new Error("not kept");
    if (answer.redirected) window.location.replace(answer.url);
    else show(await answer.text(), written);
  } catch {
    failed.hidden = false;
    failed.focus();
  }
  under = false;
});
