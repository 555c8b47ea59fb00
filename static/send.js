// The page is not left before the answer has arrived: on a bad line what was written stands where it was, to be sent again.
const form = document.querySelector("form#svar");
const failed = document.querySelector("#inte-framme");
let under = false;
form.addEventListener("submit", async (event) => {
  if (event.submitter?.value === "sprak") return;
  event.preventDefault();
  if (under) return;
  under = true;
  failed.hidden = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      signal: AbortSignal.timeout(30000),
    });
    if (answer.status >= 500 || answer.status === 429) throw new Error("not kept");
    // What was refused is sent once more, to be shown what was wrong: nothing has been counted.
    if (answer.redirected) window.location.replace(answer.url);
    else form.submit();
  } catch {
    failed.hidden = false;
    failed.focus();
  }
  under = false;
});
