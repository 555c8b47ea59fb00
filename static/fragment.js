// A code after # in the address never reaches the server. Put it into the field, and take it out of the address.
const field = document.getElementById("kod");
const code = decodeURIComponent(window.location.hash.slice(1)).replace(/[^0-9A-Za-z-]/g, "").slice(0, 40);
if (field && code) {
  field.value = code;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  field.form.querySelector("button").focus();
}
