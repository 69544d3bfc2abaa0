// Conveniences over pages that work without it: keys, judgements in place, new hits as they come, queries checked while
// they are typed, and times in the reader's own zone on hovering. Nothing here makes HTML of strings but our own server's.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const csrf = $('meta[name="csrf"]')?.content ?? "";
  const root = $('meta[name="root"]')?.content ?? "";

  // Times: hovering tells the reader's own zone.
  const localize = (root) => {
    for (const time of $$("time[datetime]", root)) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.valueOf())) time.title += ` · here ${moment.toLocaleString()}`;
    }
  };
  localize(document);

  // Judgements, without leaving the page. Each form is one item and one topic; a row is off once every topic of it is.
  const toast = $("[data-toast]");
  let toastTimer = 0;
  let undo = null;
  const wordsOf = { relevant: "Judged relevant", irrelevant: "Judged not relevant", none: "Not judged any more:" };
  const pressedIn = (form) => $('button[aria-pressed="true"]', form)?.dataset.judgement ?? "none";
  const postJudgement = async (form, label) => {
    const body = new URLSearchParams(new FormData(form));
    body.set("label", label);
    try {
      const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", headers: { "X-CSRF-Token": csrf } });
      return answer.type === "opaqueredirect" || answer.ok;
    } catch {
      return false;
    }
  };
  const showJudgement = (form, label) => {
    // The list may have been read anew since: the same judgement is shown wherever it stands now.
    for (const same of $$("form.judge").filter((other) => other.action === form.action)) {
      for (const button of $$("button[data-judgement]", same)) {
        const on = button.dataset.judgement === label;
        button.setAttribute("aria-pressed", String(on));
        button.value = on ? "none" : button.dataset.judgement;
      }
      same.classList.toggle("no", label === "irrelevant");
      const row = same.closest(".hit");
      row?.classList.toggle("off", $$("form.judge", row).every((other) => pressedIn(other) === "irrelevant"));
    }
  };
  const showToast = (text, onUndo) => {
    clearTimeout(toastTimer);
    undo = onUndo;
    const message = document.createElement("p");
    message.textContent = text;
    if (onUndo) {
      const button = document.createElement("button");
      button.type = "button";
      button.append("Undo ", Object.assign(document.createElement("kbd"), { textContent: "z" }));
      button.addEventListener("click", () => undo?.());
      message.append(" ", button);
    }
    toast.replaceChildren(message);
    const hide = () => {
      if (toast.matches(":hover, :focus-within")) toastTimer = setTimeout(hide, 2000);
      else toast.replaceChildren();
    };
    toastTimer = setTimeout(hide, 10_000);
  };
  const judge = async (forms, label) => {
    const before = forms.map((form) => [form, pressedIn(form)]);
    for (const form of forms) {
      if (!(await postJudgement(form, label))) {
        const field = Object.assign(document.createElement("input"), { type: "hidden", name: "label", value: label });
        form.append(field);
        HTMLFormElement.prototype.submit.call(form);
        return;
      }
      showJudgement(form, label);
    }
    const topics = forms.map((form) => form.dataset.topic).join(", ");
    showToast(`${wordsOf[label]}${label === "none" ? " " : " to "}${topics}.`, async () => {
      undo = null;
      for (const [form, earlier] of before) if (await postJudgement(form, earlier)) showJudgement(form, earlier);
      showToast(`Undone for ${topics}.`, null);
    });
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.matches("form.judge") || !button) return;
    event.preventDefault();
    closePicker();
    judge([form], button.value);
  });

  // What was just saved is undone by the same key as a judgement.
  const undoForm = $("form[data-undo]");
  if (undoForm) {
    undo = () => undoForm.requestSubmit();
    $("button", undoForm).append(" ", Object.assign(document.createElement("kbd"), { textContent: "z" }));
  }

  // A row with several topics: the keys ask which one is meant.
  let picker = null;
  const closePicker = () => {
    if (!picker) return;
    const { element, opener } = picker;
    picker = null;
    const hadFocus = element.contains(document.activeElement);
    element.remove();
    if (hadFocus) opener?.focus({ preventScroll: true });
  };
  const openPicker = (place, forms, judgement) => {
    closePicker();
    const element = document.createElement("div");
    element.className = "picker";
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", judgement === "relevant" ? "Relevant to which topic" : "Not relevant to which topic");
    const choices = forms.slice(0, 9).map((form, index) => [String(index + 1), form.dataset.topic, [form]]);
    choices.push(["0", forms.length === 2 ? "both" : "all", forms]);
    const lead = document.createElement("span");
    lead.textContent = judgement === "relevant" ? "Relevant to" : "Not relevant to";
    element.append(lead);
    const acts = {};
    for (const [key, name, chosen] of choices) {
      acts[key] = () => {
        closePicker();
        judge(chosen, judgement);
      };
      const button = document.createElement("button");
      button.type = "button";
      button.append(Object.assign(document.createElement("kbd"), { textContent: key }), ` ${name}`);
      button.addEventListener("click", acts[key]);
      element.append(button);
    }
    picker = { element, acts, opener: document.activeElement };
    place.append(element);
    $("button", element).focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  };

  // Queries, checked while they are typed.
  for (const field of $$("[data-check]")) {
    const place = document.getElementById(field.getAttribute("aria-describedby"));
    let timer = 0;
    let asked = 0;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const number = ++asked;
        try {
          const answer = await fetch(`${root}/query/check?` + new URLSearchParams({ q: field.value }));
          const found = answer.ok ? await answer.json() : { ok: true, said: "" };
          if (number !== asked) return;
          place.textContent = found.ok ? found.said : `${found.line}:${found.column}: ${found.said}`;
          place.classList.toggle("bad", !found.ok);
          field.setAttribute("aria-invalid", String(!found.ok));
        } catch {
          place.textContent = "";
        }
      }, 250);
    });
  }

  // The stream of new hits: one for all tabs of this browser, which opens six connections to a server at most. Of the tabs
  // that can be seen, the one that holds the lock streams, and passes on to the others what comes. A tab that is hidden
  // lets go, so that none streams while all are; when it is seen again it looks once for what it missed.
  // Without locks (a browser gives them to loopback and https alone) each tab that can be seen has a stream of its own.
  const followHits = (newest, onHit) => {
    let release = null;
    let last = newest;
    const channel = "BroadcastChannel" in window ? new BroadcastChannel(`watcher-hits:${root}`) : null;
    const heard = (id) => {
      if (id <= last) return;
      last = id;
      onHit();
    };
    channel?.addEventListener("message", (event) => heard(event.data));
    const stream = (signal) => new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const source = new EventSource(`${root}/events?after=${last}`);
      source.addEventListener("hit", (event) => {
        const { id } = JSON.parse(event.data);
        channel?.postMessage(id);
        heard(id);
      });
      signal.addEventListener("abort", () => { source.close(); resolve(); });
    });
    const follow = () => {
      if (release) return;
      const ended = new AbortController();
      release = () => ended.abort();
      if (!navigator.locks || !channel) stream(ended.signal);
      else navigator.locks.request(`watcher-hits:${root}`, { signal: ended.signal }, () => stream(ended.signal)).catch(() => {});
    };
    const rest = () => { release?.(); release = null; };
    if (!document.hidden) follow();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) rest();
      else { onHit(); follow(); }
    });
    addEventListener("pagehide", rest);
    addEventListener("pageshow", (event) => { if (event.persisted && !document.hidden) follow(); });
  };

  // New hits: a bar says how many there are; they come in when it is asked for, so that nothing moves under the eyes.
  const list = $("ol[data-live]");
  const bar = $("[data-arrived]");
  const showNew = async () => {
    if (!list || !bar || bar.hidden) return;
    const address = new URL(list.dataset.list, location.href);
    address.searchParams.set("fragment", "1");
    const answer = await fetch(address);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(`<ol>${await answer.text()}</ol>`, "text/html");
    const known = new Set($$(".hit", list).map((item) => item.dataset.hit));
    const items = [...page.querySelector("ol").children].map((item) => document.adoptNode(item));
    for (const item of items) {
      if (item.dataset.hit && !known.has(item.dataset.hit)) item.classList.add("came");
      localize(item);
    }
    list.replaceChildren(...items);
    bar.hidden = true;
    document.title = title;
    current = null;
  };
  const title = document.title;
  if (list && bar && !("still" in list.dataset) && "EventSource" in window) {
    let timer = 0;
    const look = async () => {
      // The ids are of all hits; how many pass this list's filters is for the list to say.
      const address = new URL(list.dataset.list, location.href);
      address.searchParams.set("fragment", "1");
      const answer = await fetch(address);
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(`<ol>${await answer.text()}</ol>`, "text/html");
      const known = new Set($$(".hit", list).map((item) => item.dataset.hit));
      const count = [...page.querySelectorAll(".hit")].filter((item) => !known.has(item.dataset.hit)).length;
      if (!count) return;
      $("button", bar).textContent = `${count} new ${count === 1 ? "hit" : "hits"}`;
      bar.hidden = false;
      document.title = `(${count}) ${title}`;
    };
    followHits(Number(list.dataset.live) || 0, () => {
      clearTimeout(timer);
      timer = setTimeout(look, 400);
    });
    $("button", bar).addEventListener("click", showNew);
  }

  // Keys.
  let current = null;
  let chord = 0;
  const dialog = document.getElementById("keys");
  const places = { h: "/hits", s: "/stories", p: "/proposals", a: "/archive", t: "/topics", f: "/feeds", d: "/digests", o: "/overview" };
  const opener = $("[data-keys]");
  if (opener && dialog?.showModal) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
  const move = (by) => {
    const items = $$(".hit[data-href]").filter((item) => item.checkVisibility());
    if (!items.length) return;
    closePicker();
    const at = items.indexOf(current);
    current?.classList.remove("on");
    current = items[Math.max(0, Math.min(items.length - 1, at < 0 ? (by > 0 ? 0 : items.length - 1) : at + by))];
    current.classList.add("on");
    current.scrollIntoView({ block: "nearest" });
    const target = $("a.headline", current) ?? $("a", current);
    target?.focus({ preventScroll: true });
  };
  const press = (judgement) => {
    const place = current ?? $("article.entry");
    const forms = place ? $$("form.judge", place) : [];
    if (forms.length === 1) $(`button[data-judgement="${judgement}"]`, forms[0]).click();
    else if (forms.length) openPicker($(".judging", place) ?? place, forms, judgement);
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target.closest("dialog")) return;
    const form = event.target.closest("form") ?? $("form[data-save], form.form");
    const button = form && $("button.primary", form);
    if (!button) return;
    event.preventDefault();
    form.requestSubmit(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const key = event.key;
    if (chord && Date.now() - chord < 1200 && places[key]) {
      chord = 0;
      location.assign(root + places[key]);
      return;
    }
    chord = 0;
    if (picker && (picker.acts[key] || key === "Escape")) {
      event.preventDefault();
      if (key === "Escape") closePicker();
      else picker.acts[key]();
      return;
    }
    const acts = {
      j: () => move(1),
      k: () => move(-1),
      o: () => current && $("a.headline", current)?.click(),
      s: () => current?.dataset.story && location.assign(current.dataset.story),
      r: () => press("relevant"),
      x: () => press("irrelevant"),
      z: () => undo?.(),
      m: () => {
        const href = $("[data-like]")?.href ?? (current?.dataset.like && root + current.dataset.like);
        if (href) location.assign(href);
      },
      n: () => $('a[rel="next"]')?.click(),
      ".": () => showNew(),
      "/": () => $('input[type="search"]')?.focus(),
      "?": () => dialog?.showModal?.(),
      g: () => { chord = Date.now(); },
      Enter: () => current && event.target.matches("a.headline") && current.contains(event.target) && location.assign(current.dataset.href),
    };
    if (!acts[key]) return;
    if (key === "Enter" && !(current && current.contains(event.target) && event.target.matches("a.headline"))) return;
    event.preventDefault();
    acts[key]();
  });
})();
