// The roll call on a phone: says who is left, survives a lost connection, and sends again without doubling.
// Kept in this tab only, ids and marks, never a name: roll:<session> until saved, here:<session> until the session ends.

const form = document.querySelector("form[data-rollcall]");
const here = document.querySelector("[data-here]");
const RETRY_MS = 10_000;
const PATIENCE_MS = 15_000;

const say = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

const store = {
  read(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key) ?? "null");
    } catch {
      return null;
    }
  },
  write(key, value) {
    try {
      sessionStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Storage is full or switched off: the page works, only without surviving a reload.
    }
  },
  drop(key) {
    try {
      sessionStorage.removeItem(key);
    } catch {
      // Nothing was kept.
    }
  },
};

function tickHere(box) {
  const key = `here:${box.dataset.here}`;
  const ticks = [...box.querySelectorAll("input[type=checkbox]")];
  const wipe = () => {
    store.drop(key);
    for (const tick of ticks) tick.checked = false;
  };
  const left = Number(box.dataset.until) * 1000 - Date.now();
  if (left <= 0) {
    wipe();
    return wipe;
  }
  const kept = new Set(store.read(key) ?? []);
  for (const tick of ticks) tick.checked = kept.has(tick.value);
  box.addEventListener("change", () => store.write(key, ticks.filter((t) => t.checked).map((t) => t.value)));
  setTimeout(wipe, Math.min(left, 2 ** 31 - 1));
  return wipe;
}

// How everything stood when the page was first shown: what somebody else has noted since is asked about, also after a reload.
const seen = {
  inputs: () => [...form.querySelectorAll("input[type=hidden][name^=sett]")],
  read: () => Object.fromEntries(seen.inputs().map((i) => [i.name, i.value])),
  restore(kept) {
    for (const input of seen.inputs()) if (input.name in kept) input.value = kept[input.name];
  },
};

const marks = {
  read: () => Object.fromEntries([...form.querySelectorAll("input[type=radio]:checked")].map((i) => [i.name, i.value])),
  restore(kept) {
    for (const input of form.querySelectorAll("input[type=radio]")) {
      if (input.name in kept) input.checked = kept[input.name] === input.value;
    }
  },
  // Every person is marked present, as the button says.
  press() {
    for (const input of form.querySelectorAll("input[type=radio][value=present]")) input.checked = true;
  },
  status(offline) {
    const people = [...form.querySelectorAll("fieldset.person")];
    const left = people.filter((p) => !p.querySelector("input:checked"));
    const names = left.map((p) => p.querySelector("legend").firstChild.textContent.trim()).join(", ");
    const rest = left.length > 3 ? say(form.dataset.many, { n: left.length }) : say(form.dataset.left, { names });
    const numbers = { n: people.length - left.length, total: people.length };
    const first = say(offline ? form.dataset.markedAll : form.dataset.marked, numbers);
    return [first, left.length ? rest : ""];
  },
};

const counts = {
  inputs: () => [...form.querySelectorAll("input[type=number]")],
  read: () => Object.fromEntries(counts.inputs().map((i) => [i.name, i.value])),
  restore(kept) {
    for (const input of counts.inputs()) if (input.name in kept) input.value = kept[input.name];
  },
  // Whoever types a number means it instead of what stands there, and no nought before it.
  ready() {
    for (const input of counts.inputs()) input.addEventListener("focus", () => input.select());
  },
  press(button) {
    const input = form.elements[button.value];
    const next = (Number.parseInt(input.value, 10) || 0) + (button.name === "oka" ? 1 : -1);
    input.value = String(Math.min(Math.max(next, 0), Number(input.max)));
  },
  status() {
    const n = counts.inputs().reduce((sum, i) => sum + (Number.parseInt(i.value, 10) || 0), 0);
    return [say(form.dataset.total, { n }), null];
  },
};

const nothing = { read: () => ({}), restore() {}, press() {}, status: () => [null, null] };

function rollCall(wipeHere) {
  const kind = { names: marks, count: counts }[form.dataset.rollcall] ?? nothing;
  const key = `roll:${form.dataset.session}`;
  const bar = form.querySelector("[data-savebar]");
  const status = form.querySelector("[data-status]");
  const save = form.querySelector("[data-save]");
  const offline = document.querySelector("[data-offline]");
  let waiting = false;
  let sending = false;
  let timer = 0;

  const show = () => {
    const [first, second] = kind.status(waiting);
    const strong = status.querySelector("strong");
    const small = status.querySelector(".small");
    if (first !== null && !waiting && strong) strong.textContent = first;
    if (second !== null && !waiting && small) small.textContent = second;
    if (waiting) {
      const told = [first, second].filter(Boolean).join(". ");
      status.replaceChildren(
        Object.assign(document.createElement("strong"), { textContent: form.dataset.waiting }),
        ` ${form.dataset.again}`,
        document.createElement("br"),
        Object.assign(document.createElement("span"), { className: "small", textContent: told }),
      );
    }
  };

  const wait = () => {
    if (!waiting) {
      waiting = true;
      bar.classList.add("savebar--wait");
      status.setAttribute("role", "status");
      save.textContent = form.dataset.try;
      offline.hidden = false;
      show();
    }
    clearTimeout(timer);
    timer = setTimeout(send, RETRY_MS);
  };

  // Saving the same marks twice is the same as once, so a lost answer is simply asked for again.
  async function send() {
    if (sending) return;
    sending = true;
    clearTimeout(timer);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (answer.redirected && new URL(answer.url).pathname === "/logga-in") {
        waiting = false;
        location.assign(form.dataset.signIn); // the marks are kept, and stand here again after signing in
      } else if (answer.redirected) {
        waiting = false;
        store.drop(key);
        wipeHere();
        location.assign(answer.url);
      } else if (answer.status >= 500) {
        wait();
      } else {
        waiting = false;
        form.submit(); // refused: let the browser show the answer
      }
    } catch {
      wait();
    } finally {
      sending = false;
    }
  }

  const keep = () => store.write(key, { ...kind.read(), ...seen.read() });

  const changed = () => {
    keep();
    show();
  };

  kind.ready?.();
  const kept = store.read(key);
  // A page that says what somebody else has noted knows better how it stands, and what was typed.
  if (kept && "apart" in form.dataset) {
    keep();
  } else if (kept) {
    kind.restore(kept);
    seen.restore(kept);
  }
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (button?.name) {
      kind.press(button);
      changed();
    } else {
      keep();
      send();
    }
  });
  addEventListener("online", () => waiting && send());
  addEventListener("beforeunload", (event) => waiting && event.preventDefault());
  show();
}

const wipeHere = here ? tickHere(here) : () => {};
if (form) rollCall(wipeHere);
