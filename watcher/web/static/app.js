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
      $(".by", same)?.remove(); // it was somebody else's judgement
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
    if (label !== "none") for (const row of new Set(forms.map((form) => form.closest("[data-targets]")))) markSilently(row);
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

  // What is seen and starred. A row stands for its targets: an item, the items of a group, a story, a proposal.
  const marks = document.getElementById("marks");
  const postMark = async (act, targets) => {
    const body = new URLSearchParams({ csrf, act: `${act} ${targets}`, shown_at: marks.elements.shown_at.value });
    try {
      const answer = await fetch(marks.action, { method: "POST", body, keepalive: true, headers: { Accept: "application/json", "X-CSRF-Token": csrf } });
      return answer.ok ? (await answer.json()).changed : null;
    } catch {
      return null;
    }
  };
  const isUnread = (row) => row.classList.contains("unread") || "unread" in row.dataset;
  const showRead = (row, read) => {
    row.classList.toggle("unread", !read && row.matches(".hit"));
    if (!row.matches(".hit")) row.toggleAttribute("data-unread", !read);
    const button = $('[data-act="read"]', row);
    button?.setAttribute("aria-pressed", String(read));
    if (button) button.value = `${read ? "unread" : "read"} ${row.dataset.targets}`;
    const heading = $("h1, h2, h3", row);
    const said = $(".unseen", heading ?? row);
    if (read) said?.remove();
    else if (heading && !said && row.matches(".hit")) heading.prepend(Object.assign(document.createElement("span"), { className: "unseen", textContent: "Unread. " }));
  };
  const failed = () => showToast("This was not saved. Reload the page and try again.", null);
  const markSilently = async (row) => {
    if (!row?.dataset.targets || !marks || !isUnread(row)) return;
    // Shown at once: the page may be left before the answer comes, and be shown again as it was left.
    showRead(row, true);
    if (!(await postMark("read", row.dataset.targets))) showRead(row, false);
  };
  const markRead = async (rows, text) => {
    const unread = rows.filter(isUnread);
    if (!unread.length) return showToast("Nothing here is unread.", null);
    const changed = await postMark("read", unread.map((row) => row.dataset.targets).join(","));
    if (!changed) return failed();
    for (const row of unread) showRead(row, true);
    showToast(text(unread.length), async () => {
      undo = null;
      if (changed.length && !(await postMark("unread", changed.join(",")))) return failed();
      for (const row of unread) showRead(row, false);
      showToast("Undone: unread again.", null);
    });
  };
  const markUnread = async (row) => {
    if (!(await postMark("unread", row.dataset.targets))) return failed();
    showRead(row, false);
    showToast("Marked as unread.", async () => {
      undo = null;
      if (await postMark("read", row.dataset.targets)) showRead(row, true);
      showToast("Undone: read.", null);
    });
  };
  const setStar = async (row, starred, onUndo) => {
    const button = $('[data-act="star"]', row);
    if (!(await postMark(starred ? "star" : "unstar", row.dataset.target))) return failed();
    button.setAttribute("aria-pressed", String(starred));
    button.value = `${starred ? "unstar" : "star"} ${row.dataset.target}`;
    showToast(onUndo ? (starred ? "Starred." : "Star removed.") : "Undone.", onUndo ? () => { undo = null; setStar(row, !starred, false); } : null);
  };
  const rowsUpTo = (row) => {
    const rows = $$(".hit[data-targets]").filter((each) => each.checkVisibility());
    return row ? rows.slice(0, rows.indexOf(row) + 1) : rows;
  };
  const rowActs = {
    star: (row) => setStar(row, $('[data-act="star"]', row).getAttribute("aria-pressed") !== "true", true),
    read: (row) => (isUnread(row) ? markRead([row], () => "Marked as read.") : markUnread(row)),
    above: (row) => markRead(rowsUpTo(row), (count) => `${count} ${count === 1 ? "row" : "rows"} marked as read.`),
    all: () => markRead(rowsUpTo(null), (count) => `${count} ${count === 1 ? "row" : "rows"} marked as read.`),
    note: (row) => openNote(row),
  };
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-targets]");
    if (row && marks && event.target.closest("a.headline")) markSilently(row);
    const control = event.target.closest("[data-act]");
    if (!control || !marks || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (control.dataset.act === "note" && !control.closest(".hit")) return;
    event.preventDefault();
    rowActs[control.dataset.act](row);
  });
  if (marks) for (const opened of $$("[data-unread]")) markSilently(opened);

  // Notes, written under the row.
  const postForm = async (path, fields) => {
    try {
      const answer = await fetch(root + path, { method: "POST", body: new URLSearchParams({ csrf, ...fields }), headers: { Accept: "application/json", "X-CSRF-Token": csrf } });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  };
  const countNote = (row, by) => {
    const link = $('[data-act="note"]', row);
    const number = Number($(".n", link)?.textContent ?? 0) + by;
    $(".n", link)?.remove();
    if (number > 0) link.append(Object.assign(document.createElement("span"), { className: "n", textContent: String(number) }));
  };
  const openNote = (row) => {
    $(".note-form.in-row")?.remove();
    const form = document.createElement("form");
    form.className = "note-form in-row";
    const text = Object.assign(document.createElement("textarea"), { name: "text", rows: 3, required: true, maxLength: 4000, dir: "auto" });
    const to = Object.assign(document.createElement("input"), { name: "to", maxLength: 400, autocomplete: "off", placeholder: "name, or several with commas" });
    to.setAttribute("list", "people");
    const textLabel = document.createElement("label");
    textLabel.append("Note", text);
    const toLabel = document.createElement("label");
    toLabel.append("Hand over to", to);
    const save = Object.assign(document.createElement("button"), { textContent: "Save note", className: "primary" });
    const cancel = Object.assign(document.createElement("button"), { type: "button", textContent: "Cancel" });
    const buttons = document.createElement("p");
    buttons.append(save, " ", cancel);
    form.append(textLabel, toLabel, buttons);
    const close = () => {
      form.remove();
      ($("a.headline", row) ?? $("a", row))?.focus({ preventScroll: true });
    };
    cancel.addEventListener("click", close);
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const note = await postForm("/notes", { target: row.dataset.target, text: text.value, to: to.value });
      if (!note) return failed();
      close();
      countNote(row, 1);
      showToast(to.value.trim() ? `Noted, and handed over to ${to.value.trim()}.` : "Note saved.", async () => {
        undo = null;
        if (!(await postForm(`/notes/${note.id}/delete`, {}))) return failed();
        countNote(row, -1);
        showToast("Undone: note deleted.", null);
      });
    });
    ($("article", row) ?? row).append(form);
    text.focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-note]")) return;
    event.preventDefault();
    const item = form.closest(".note-item");
    if (!(await postForm(`/notes/${form.dataset.note}/delete`, {}))) return failed();
    item.hidden = true;
    showToast("Note deleted.", async () => {
      undo = null;
      if (!(await postForm(`/notes/${form.dataset.note}/restore`, {}))) return failed();
      item.hidden = false;
      showToast("Undone: the note is back.", null);
    });
  });

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
    // What the reader looks at stays where it is on the screen.
    const held = scrollY > 0 ? $$(".hit", list).find((item) => item.getBoundingClientRect().bottom > 60) : null;
    const heldAt = held?.getBoundingClientRect().top ?? 0;
    const items = [...page.querySelector("ol").children].map((item) => document.adoptNode(item));
    for (const item of items) {
      if (item.dataset.hit && !known.has(item.dataset.hit)) item.classList.add("came");
      localize(item);
    }
    list.replaceChildren(...items);
    const again = held && $$(".hit", list).find((item) => item.dataset.target === held.dataset.target);
    if (again) scrollBy(0, again.getBoundingClientRect().top - heldAt);
    if (marks) marks.elements.shown_at.value = String(Date.parse(answer.headers.get("Date") ?? "") || marks.elements.shown_at.value);
    bar.hidden = true;
    document.title = title;
    current = null;
  };
  // Whoever comes back to a list sees it as the browser kept it: what was done meanwhile is shown, and no row moves.
  const refreshMarks = async () => {
    const address = new URL(list.dataset.list, location.href);
    address.search = location.search;
    address.searchParams.set("fragment", "1");
    const answer = await fetch(address);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(`<ol>${await answer.text()}</ol>`, "text/html");
    const fresh = new Map($$(".hit[data-target]", page).map((item) => [item.dataset.target, item]));
    for (const row of $$(".hit[data-target]", list)) {
      const now = fresh.get(row.dataset.target);
      if (!now) continue;
      showRead(row, !now.classList.contains("unread"));
      row.classList.toggle("off", now.classList.contains("off"));
      for (const part of [".do-row", ".judging"]) {
        const [old, other] = [$(part, row), $(part, now)];
        if (old && other && old.outerHTML !== other.outerHTML) old.replaceWith(document.adoptNode(other));
      }
    }
  };
  const cameBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (list && marks && cameBack) refreshMarks();
  addEventListener("pageshow", (event) => { if (event.persisted && list && marks) refreshMarks(); });

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
      $("button", bar).textContent = `${count} new ${count === 1 ? list.dataset.noun : list.dataset.nouns}`;
      bar.hidden = false;
      document.title = `(${count}) ${title}`;
    };
    const lookSoon = () => {
      clearTimeout(timer);
      timer = setTimeout(look, 400);
    };
    // Proposals come without an event: they are looked for from time to time, while they can be seen.
    if (list.dataset.every) setInterval(() => document.hidden || look(), 1000 * Number(list.dataset.every));
    else followHits(Number(list.dataset.live) || 0, lookSoon);
    $("button", bar).addEventListener("click", showNew);
  }

  // Keys.
  let current = null;
  let chord = 0;
  const dialog = document.getElementById("keys");
  const places = { h: "/hits", s: "/stories", p: "/proposals", a: "/archive", t: "/topics", f: "/feeds", d: "/digests", o: "/overview", v: "/views", n: "/notes" };
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
  const openRow = (href) => {
    markSilently(current);
    location.assign(href);
  };
  const onRow = (act) => {
    const row = current ?? $("article.entry[data-targets], .page[data-targets]");
    if (row?.dataset.targets && marks) act(row);
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
      o: () => {
        if (!current) return;
        markSilently(current);
        if (current.dataset.out) open(current.dataset.out, "_blank", "noopener,noreferrer");
        else $("a.headline", current)?.click();
      },
      s: () => onRow(rowActs.star),
      u: () => onRow(rowActs.read),
      U: () => onRow(rowActs.above),
      t: () => onRow((row) => (row.matches(".hit") ? openNote(row) : $('#notes textarea[name="text"]:last-of-type, #notes > form textarea')?.focus())),
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
      Enter: () => current && event.target.matches("a.headline") && current.contains(event.target) && openRow(current.dataset.href),
    };
    if (!acts[key]) return;
    if (key === "Enter" && event.shiftKey && current?.dataset.story) {
      event.preventDefault();
      openRow(current.dataset.story);
      return;
    }
    if (key === "Enter" && !(current && current.contains(event.target) && event.target.matches("a.headline"))) return;
    event.preventDefault();
    acts[key]();
  });
})();
