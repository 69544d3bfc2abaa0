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

  // Judgements, without leaving the page.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.matches("form.judge") || !button) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    body.set("label", button.value);
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body, redirect: "manual", headers: { "X-CSRF-Token": csrf } });
    } catch {
      answer = null;
    }
    if (!answer || (answer.type !== "opaqueredirect" && !answer.ok)) {
      HTMLFormElement.prototype.submit.call(form);
      return;
    }
    const said = button.value;
    for (const each of $$("button[data-judgement]", form)) {
      const on = each.dataset.judgement === said;
      each.setAttribute("aria-pressed", String(on));
      each.value = on ? "none" : each.dataset.judgement;
    }
    form.closest(".hit")?.classList.toggle("off", said === "irrelevant");
  });

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
  const places = { h: "/hits", s: "/stories", a: "/archive", t: "/topics", f: "/feeds", d: "/digests", o: "/overview" };
  const opener = $("[data-keys]");
  if (opener && dialog?.showModal) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
  const move = (by) => {
    const items = $$(".hit[data-href]");
    if (!items.length) return;
    const at = items.indexOf(current);
    current?.classList.remove("on");
    current = items[Math.max(0, Math.min(items.length - 1, at < 0 ? (by > 0 ? 0 : items.length - 1) : at + by))];
    current.classList.add("on");
    current.scrollIntoView({ block: "nearest" });
    const target = $("a.headline", current) ?? $("a", current);
    target?.focus({ preventScroll: true });
  };
  const press = (judgement) => $(`.judge button[data-judgement="${judgement}"]`, current ?? document.createElement("i"))?.click();
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
    const acts = {
      j: () => move(1),
      k: () => move(-1),
      o: () => current && $("a.headline", current)?.click(),
      s: () => current?.dataset.story && location.assign(current.dataset.story),
      r: () => press("relevant"),
      x: () => press("irrelevant"),
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
