// Keeps the page up to date. It works without this, and then shows one moment.
"use strict";

(() => {
  const OFTEN = 5000;
  const SELDOM = 60000;
  const root = document.documentElement;
  const pause = document.getElementById("pause");
  const note = document.getElementById("note");
  let wait = OFTEN;
  let timer = 0;
  let asking = null;

  root.classList.add("script");

  // A parsed document, in which nothing runs.
  function ask() {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      asking = request;
      request.open("GET", location.pathname + location.search);
      request.responseType = "document";
      request.timeout = 10000;
      request.onload = () => {
        const good = request.status === 200 && request.response;
        return good ? resolve(request.response) : reject(new Error(request.status));
      };
      request.onerror = request.ontimeout = request.onabort = reject;
      request.send();
    }).finally(() => { asking = null; });
  }

  function alike(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName
      && (one.id || "") === (other.id || "");
  }

  // A fold that someone opened or closed stays so, until what it is about changes.
  function attributes(old, fresh) {
    const folds = old.nodeName === "DETAILS";
    const turned = folds && old.dataset.open !== fresh.dataset.open;
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(folds && name === "open")) {
        old.removeAttribute(name);
      }
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value && !(folds && name === "open")) {
        old.setAttribute(name, value);
      }
    }
    if (turned) old.open = fresh.open;
  }

  // Changes as little as possible, so that focus, selection and folds stay.
  function change(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    attributes(old, fresh);
    const named = new Map();
    for (const child of old.children) if (child.id) named.set(child.id, child);
    let here = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = wanted.id ? named.get(wanted.id) : null;
      if (known && alike(known, wanted)) {
        if (known === here) here = here.nextSibling;
        else old.insertBefore(known, here);
        change(known, wanted);
      } else if (here && !wanted.id && alike(here, wanted)) {
        change(here, wanted);
        here = here.nextSibling;
      } else {
        old.insertBefore(document.importNode(wanted, true), here);
      }
    }
    while (here) {
      const next = here.nextSibling;
      here.remove();
      here = next;
    }
  }

  function show(fresh) {
    if (fresh.documentElement.dataset.build !== root.dataset.build) {
      location.reload();
      return;
    }
    document.title = fresh.title;
    for (const selector of ["main", "footer", "#as-of", "link[rel=icon]"]) {
      change(document.querySelector(selector), fresh.querySelector(selector));
    }
  }

  function say(words) {
    if (note.textContent !== words) note.textContent = words;
    root.classList.toggle("stale", words !== "");
  }

  const paused = () => pause.getAttribute("aria-pressed") === "true";
  const resting = () => document.hidden || paused();

  async function update() {
    clearTimeout(timer);
    if (resting() || asking) return;
    try {
      const fresh = await ask();
      if (resting()) return;  // since: what someone reads now stays
      show(fresh);
      say("");
      wait = OFTEN;
    } catch {
      if (resting()) return;
      const then = document.getElementById("as-of").textContent.toLowerCase();
      say(`The exporter does not answer. What you see is ${then}.`);
      document.title = `? ${document.title.replace(/^\? /, "")}`;
      wait = Math.min(2 * wait, SELDOM);
    }
    later();
  }

  function later() {
    clearTimeout(timer);
    if (!resting()) timer = setTimeout(update, wait);
  }

  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea");  // plain HTTP has no clipboard
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("refused");
  }

  async function copyEvidence(button) {
    const words = button.textContent;
    try {
      const answer = await fetch(button.dataset.evidence);
      if (!answer.ok) throw new Error(answer.status);
      await copy(await answer.text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not copied: open the transcript";
    }
    button.focus();
    setTimeout(() => { button.textContent = words; }, 3000);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-evidence]");
    if (button) copyEvidence(button);
  });
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!paused()));
    if (!paused()) update();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else update();
  });
  later();
})();
