// Forms that answer while they are typed in: the topic builder shows what its topic would find, a digest's form when it
// would come. Both work without this by a button. Nothing here makes HTML of strings but our own server's.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const root = $('meta[name="root"]')?.content ?? "";
  const csrf = $('meta[name="csrf"]')?.content ?? "";

  // Asks at most one thing at once and once a second; what was typed meanwhile is asked for when the answer is there.
  const follow = (ask, delay) => {
    let timer = 0;
    let busy = false;
    let again = false;
    let last = 0;
    const run = async () => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      const retry = await ask().catch(() => 0);
      busy = false;
      last = Date.now();
      if (again || retry) {
        again = false;
        start(retry || delay);
      }
    };
    const start = (wait = delay) => {
      clearTimeout(timer);
      timer = setTimeout(run, Math.max(wait, last + 1000 - Date.now(), 0));
    };
    return start;
  };

  const form = $("form[data-builder]");
  if (form) {
    const boxNames = ["all_of", "any_of", "none_of"];
    const sentenceNames = ["about", "not_about", "examples", "not_examples"];
    const fields = form.elements;
    const status = $("[data-live-status]", form);
    const idle = "Updates while you type.";
    const show = (place, html) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      place.replaceChildren(...[...page.body.childNodes].map((node) => document.adoptNode(node)));
    };
    const send = async (part) => {
      const body = new URLSearchParams(new FormData(form));
      body.set("part", part);
      const answer = await fetch(`${root}/workbench/preview`, { method: "POST", body, headers: { "X-CSRF-Token": csrf } });
      if (answer.ok) return { found: await answer.json() };
      if (answer.status === 503) {
        status.textContent = "Other searches are running. Trying again in a few seconds.";
        return { retry: 1000 * (Number(answer.headers.get("Retry-After")) || 5) };
      }
      status.textContent = answer.status === 403 ? "This form has expired. Reload the page." : "The search failed. Press Try it.";
      return {};
    };
    const syncBoxes = (found, edited) => {
      if (edited === "boxes") {
        if (found.check.ok) fields.query.value = found.query;
        return;
      }
      $("[data-boxes]", form).hidden = !found.boxes && found.check.ok;
      $("[data-boxes-note]", form).hidden = !found.boxes && found.check.ok;
      $("[data-no-boxes]", form).hidden = Boolean(found.boxes) || !found.check.ok;
      for (const name of boxNames) {
        if (found.check.ok && document.activeElement !== fields[name]) fields[name].value = (found.boxes?.[name] ?? []).join("\n");
      }
    };
    const searchWords = follow(async () => {
      const edited = fields.edited.value;
      status.textContent = "Searching…";
      const { found, retry } = await send("words");
      if (!found) return retry ?? 0;
      status.textContent = idle;
      show($("[data-found-words]", form), found.html);
      $("[data-effect] b", form).textContent = found.effect;
      const { ok, said, line, column } = found.check;
      const place = document.getElementById("q-said");
      place.textContent = ok || !line || edited === "boxes" ? said : `${line}:${column}: ${said}`;
      place.classList.toggle("bad", !ok);
      fields.query.setAttribute("aria-invalid", String(!ok));
      if (edited && edited === fields.edited.value) syncBoxes(found, edited);
      return 0;
    }, 350);
    const searchSentences = follow(async () => {
      const { found, retry } = await send("sentences");
      if (found) show($("[data-found-sentences]", form), found.html);
      return retry ?? 0;
    }, 1200);
    form.addEventListener("input", ({ target }) => {
      if (target.name === "query") fields.edited.value = "query";
      if (boxNames.includes(target.name)) fields.edited.value = "boxes";
      if (target.name === "query" || boxNames.includes(target.name) || target.name === "since") searchWords();
      if ("meaning" in form.dataset && (sentenceNames.includes(target.name) || target.name === "since")) searchSentences();
    });
    status.textContent = idle;
    const isDescribed = fields.about.value.trim() || fields.examples.value.trim();
    if (fields.query.value.trim() && !$("[data-found-words] .numbers", form)) searchWords(0);
    if ("meaning" in form.dataset && isDescribed && !$("[data-found-sentences] section", form)) searchSentences(0);
  }

  // When a digest would come.
  const schedule = $("form[data-schedule]");
  if (schedule) {
    const { schedule: when, timezone } = schedule.elements;
    const place = $("[data-next-times]", schedule);
    const look = follow(async () => {
      const answer = await fetch(`${root}/digests/times?` + new URLSearchParams({ schedule: when.value, timezone: timezone.value }));
      if (!answer.ok) return 0;
      const { ok, said } = await answer.json();
      place.textContent = said;
      place.classList.toggle("bad", !ok);
      when.setAttribute("aria-invalid", String(!ok));
      return 0;
    }, 250);
    for (const field of [when, timezone]) field.addEventListener("input", () => look());
  }
})();
