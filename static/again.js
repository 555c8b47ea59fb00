// This page answers a form. Reloading it, or coming back to it, asks for the page again instead of sending the form again.
history.replaceState(history.state, "", document.documentElement.dataset.again);
