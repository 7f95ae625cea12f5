// The handshake, hop by hop: actors in view, the chosen hop's details beside the picture.
import { element, middleCut, pairs, prose, shortened } from "./base.js";

const MARKS = { ok: "✓ ok", denied: "✗ denied", error: "! error" };
const STEP_MS = 900;
// What the one who was asked says; all else of a hop is what was asked.
const ANSWERS = new Set([
  "assumed_role_arn", "access_key_id", "expiration", "expires_at", "checks", "mutated", "env",
  "client_ids", "provider_arn", "kid", "cached", "path", "error", "code", "status",
]);
// The kinds of hops in their order, as a comparison names them.
const STEPS = {
  admission: "Pod is admitted", "token-request": "token is asked for", "token-mount": "token is put in place",
  "assume-role": "role is asked for", provider: "provider", jwks: "issuer's keys", "token-check": "token",
  "trust-policy": "trust policy", session: "credentials", "aws-call": "call",
};
const OF_A_LAB = /^lab-\d\d/;
// The token view tells the header and the claims.
const TOLD_APART = new Set(["decision", "explanation", "fix", "header", "claims"]);

/** The attempts in a trace: what led to each, the calls after it, and how it ended. */
function attempts(hops) {
  const begun = [];
  const prelude = new Map();
  const podOf = (hop) => hop.detail.namespace ? `${hop.detail.namespace}/${hop.detail.pod ?? hop.detail.service_account}` : hop.source;
  // At its admission a Pod of a Deployment has the beginning of its name alone: `app-7d9f-`.
  const partly = (pod) => [...prelude.keys()].find((known) => known.endsWith("-") && known !== pod && pod.startsWith(known));
  for (const hop of hops) {
    const pod = podOf(hop);
    if (["admission", "token-request", "token-mount"].includes(hop.kind)) {
      const early = prelude.has(pod) ? undefined : partly(pod);
      const led = early ? [prelude.get(early).shift()] : prelude.get(pod) ?? [];
      if (early && !prelude.get(early).length) prelude.delete(early);
      prelude.set(pod, [...led, hop]);
      continue;
    }
    if (hop.kind === "assume-role" || !begun.length) {
      begun.push({ pod, role: hop.detail.role_arn, hops: [...(prelude.get(pod) ?? []), hop] });
      prelude.delete(pod);
    } else {
      begun.at(-1).hops.push(hop);
    }
  }
  for (const [pod, rest] of prelude) begun.push({ pod, role: null, hops: rest });
  begun.sort((one, other) => one.hops.at(-1).seq - other.hops.at(-1).seq);
  return begun.map((attempt, index) => ({ ...attempt, number: index + 1, outcome: outcomeOf(attempt.hops) }));
}

/** Why it was decided so, without the line that stands below as the nearest fix. */
function decision({ explanation, fix }) {
  return explanation.split("\n").filter((line) => !fix || !line.endsWith(fix)).join("\n");
}

/** Whether a lab asks, or one of its roles is asked for: why it is refused is that lab's answer. */
const ofALab = ({ namespace, role_arn: role }) => [namespace, role?.split("/").at(-1)].some((name) => OF_A_LAB.test(name ?? ""));

/** The nearest fix and the decision; those of a lab stay folded. */
function why(detail) {
  const { fix, explanation } = detail;
  const told = [
    fix ? [element("p", { class: "irsa-part" }, "Nearest fix"), element("p", {}, prose(fix))] : [],
    explanation
      ? [element("p", { class: "irsa-part" }, "Decision"),
        element("p", { class: "irsa-why" }, prose(decision({ explanation, fix })))] : [],
  ].flat();
  if (!told.length || !ofALab(detail)) return told;
  return element("details", {}, element("summary", {}, "Why: this is the lab's answer"), told);
}

/** A hop's sentence on its arrow: roles and ServiceAccounts by their names, what else is long cut in its middle. */
function caption(summary) {
  return summary.replace(/arn:aws[\w-]*:sts::\d+:assumed-role\/([^/\s]+)\/[^\s,]+/g, "the role $1")
    .replace(/arn:aws[\w-]*:iam::\d+:role\/(?:[^\s,]*\/)?([^\s,/]+)/g, "the role $1")
    .replace(/system:serviceaccount:([^\s:]+):([^\s:,]+)/g, "$1/$2")
    .replace(/\S{40,}/g, (long) => middleCut(long, 38));
}

function outcomeOf(hops) {
  return hops.find((hop) => hop.outcome !== "ok")?.outcome ?? "ok";
}

/** A view of hops in `host`; returns {update(hops), end()}. */
function show(host, actors, { hops = [], follow = true } = {}) {
  const state = { hops, known: attempts(hops), chosen: hops.length - 1, attempt: null, against: null, timer: null, follow };
  const root = element("section", { class: "irsa-view irsa-handshake", "aria-label": "the handshake" });
  host.replaceChildren(root);

  const lane = (name) => {
    const plain = actors.callers.some((start) => name.startsWith(start)) ? "Pod" : actors.lane_of[name] ?? name;
    const index = actors.lanes.indexOf(plain);
    return index < 0 ? actors.lanes.length - 1 : index;
  };
  const visible = () => (state.attempt == null ? state.hops : state.known[state.attempt]?.hops ?? []);

  function select(index, focus = false) {
    state.chosen = Math.max(0, Math.min(index, visible().length - 1));
    draw();
    reveal();
    if (focus) root.querySelector('[aria-current="step"]')?.focus({ preventScroll: true });
  }

  /** The chosen hop is in sight in its list; the page around it stays where the reader has it. */
  function reveal() {
    const [list, row] = [root.querySelector(".irsa-hops"), root.querySelector('[aria-current="step"]')];
    if (!list || !row) return;
    const [outer, inner] = [list.getBoundingClientRect(), row.getBoundingClientRect()];
    list.scrollTop += Math.min(0, inner.top - outer.top) + Math.max(0, inner.bottom - outer.bottom);
  }
  // What is not shown yet cannot be scrolled: it is when it gets its size.
  const sized = new ResizeObserver(reveal);
  sized.observe(root);

  function play() {
    stop();
    if (state.chosen >= visible().length - 1) state.chosen = -1;
    state.timer = setInterval(() => {
      if (state.chosen >= visible().length - 1) stop();
      else select(state.chosen + 1);
    }, STEP_MS);
    select(state.chosen + 1);
  }

  function stop() {
    clearInterval(state.timer);
    state.timer = null;
    draw();
  }

  function onKey(event) {
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (event.target.tagName === "SELECT") return;
    if (event.key in steps) {
      select(steps[event.key] === Infinity ? visible().length - 1 : state.chosen + steps[event.key], true);
    } else if (event.key === " " && event.target.tagName !== "BUTTON") state.timer ? stop() : play();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  root.addEventListener("keydown", onKey);

  function draw() {
    const shownHops = visible();
    const scrolled = root.querySelector(".irsa-hops")?.scrollTop ?? 0;
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.part : null;
    const compared = state.known[state.attempt] && state.known[state.against];
    root.replaceChildren(controls(shownHops), compared ? comparison() : stage(shownHops));
    const list = root.querySelector(".irsa-hops");
    if (list) list.scrollTop = scrolled;
    if (focused) focusOn(focused);
  }

  /** The part that had the focus has it again, though it is drawn anew; at an end it is the play button. */
  function focusOn(part) {
    const again = root.querySelector(`[data-part="${part}"]`);
    (again?.disabled ? root.querySelector('[data-part="play"]') : again)?.focus({ preventScroll: true });
  }

  function controls(shownHops) {
    const { known } = state;
    const button = (part, label, text, action, disabled = false) =>
      element("button", { "data-part": part, "aria-label": label, title: label, disabled, onclick: action }, text);
    const options = (none, chosen) => [
      element("option", { value: "", selected: chosen == null }, none),
      ...known.map((attempt, index) =>
        element("option", { value: index, selected: chosen === index },
          `${attempt.number} ${MARKS[attempt.outcome]}: ${attempt.pod}`)),
    ];
    const chooser = (label, none, chosen, set) => element("label", {}, `${label} `,
      element("select", { "data-part": label.split(" ")[0], onchange: (event) => {
        set(event.target.value === "" ? null : Number(event.target.value));
        state.chosen = visible().length - 1;
        draw();
        reveal();
      } }, options(none, chosen)));
    const show = (index) => { state.attempt = index; if (index == null) state.against = null; };
    // Without a chosen one the latest is compared, or the one before it with the latest.
    const compare = (index) => {
      state.against = index;
      if (index != null) state.attempt ??= index === known.length - 1 ? index - 1 : known.length - 1;
    };
    return element("div", { class: "irsa-controls", role: "toolbar", "aria-label": "steps of the handshake" },
      button("first", "first hop", "|◀", () => select(0), state.chosen <= 0),
      button("previous", "previous hop", "◀", () => select(state.chosen - 1), state.chosen <= 0),
      state.timer ? button("play", "pause", "pause", stop) : button("play", "play", "play", play, !shownHops.length),
      button("next", "next hop", "▶", () => select(state.chosen + 1), state.chosen >= shownHops.length - 1),
      element("span", { class: "irsa-count" },
        shownHops.length ? `hop ${state.chosen + 1} of ${shownHops.length}` : "no hop yet"),
      known.length > 1 ? [chooser("show", "all handshakes", state.attempt, show),
        chooser("compare with", "nothing", state.against, compare)] : null);
  }

  function stage(shownHops) {
    if (!shownHops.length) {
      return element("p", { class: "irsa-empty" },
        "Nothing has happened yet. Let a Pod call AWS: each hop appears here as it happens.");
    }
    const head = element("div", { class: "irsa-lanes", "aria-hidden": "true" },
      actors.lanes.map((name) => element("span", {}, name)));
    const rows = element("ol", { class: "irsa-hops", tabindex: "-1" },
      shownHops.map((hop, index) => element("li", {}, row(hop, index))));
    return element("div", { class: "irsa-stage" },
      element("div", { class: "irsa-picture" }, head, rows), details(shownHops));
  }

  function row(hop, index) {
    const [from, to] = [lane(hop.source), lane(hop.target)];
    const current = index === state.chosen;
    const left = Math.min(from, to);
    const span = Math.max(1, Math.abs(to - from));
    const mark = { ok: "", denied: "✗ ", error: "! " }[hop.outcome];
    return element("button", {
      class: `irsa-hop irsa-${hop.outcome}${index > state.chosen ? " irsa-later" : ""}`,
      "data-part": `hop-${index}`,
      "aria-current": current ? "step" : null,
      tabindex: current ? "0" : "-1", // one stop for the Tab key: the arrow keys walk from there
      "aria-label": `hop ${index + 1}, ${hop.source} to ${hop.target}, ${hop.outcome}: ${hop.summary}`,
      onclick: () => { stop(); select(index, true); },
    },
    element("span", { class: "irsa-caption", title: hop.summary }, mark + caption(hop.summary)),
    element("span", {
      class: `irsa-arrow${to < from ? " irsa-back" : ""}${to === from ? " irsa-self" : ""}`,
      style: `margin-left:${((left + 0.5) / actors.lanes.length) * 100}%${to === from ? "" : `;width:${(span / actors.lanes.length) * 100}%`}`,
    }));
  }

  function details(shownHops) {
    const hop = shownHops[Math.max(state.chosen, 0)];
    const before = shownHops[state.chosen - 1];
    const waited = before ? Math.round(new Date(hop.at) - new Date(before.at)) : 0;
    const entries = Object.entries(hop.detail).filter(
      ([name, value]) => !TOLD_APART.has(name) && value != null && value !== "" && !(value.length === 0));
    const part = (title, wanted) => {
      const chosen = entries.filter(([name]) => ANSWERS.has(name) === wanted);
      return chosen.length ? [element("p", { class: "irsa-part" }, title), pairs(chosen)] : [];
    };
    return element("div", { class: `irsa-details irsa-${hop.outcome}`, "aria-live": "polite", tabindex: "0", "data-part": "details", role: "group", "aria-label": "the chosen hop" },
      element("p", { class: "irsa-who" }, shortened(hop.source), " → ", shortened(hop.target), " ",
        element("strong", { class: "irsa-mark" }, MARKS[hop.outcome])),
      element("p", {}, prose(caption(hop.summary))),
      why(hop.detail),
      part("Request", false), part("Answer", true),
      element("p", { class: "irsa-part" }, "Time"),
      element("p", {}, hop.at.replace("T", " ").slice(0, 23), before ? `, ${waited} ms after the hop before` : ""));
  }

  /** Two handshakes side by side, step by step; where both went well it is said once. */
  function comparison() {
    const { known } = state;
    const [one, other] = [known[state.attempt], known[state.against]];
    const order = Object.keys(STEPS);
    const kinds = [...new Set([...one.hops, ...other.hops].map((hop) => hop.kind))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const last = (attempt, kind) => attempt.hops.findLast((step) => step.kind === kind);
    // What went well is told in words beside what did not.
    const cell = (attempt, facing, kind) => {
      const hop = last(attempt, kind);
      if (!hop) return element("td", {}, attempt.outcome !== "ok" && order.indexOf(kind) > order.indexOf("assume-role") ? "not reached" : "not needed again");
      const told = hop.outcome === "ok" && (last(facing, kind)?.outcome ?? "ok") === "ok" ? ""
        : ofALab(hop.detail) || !hop.detail.explanation ? caption(hop.summary) : hop.detail.explanation;
      return element("td", { class: `irsa-${hop.outcome}` }, element("strong", {}, MARKS[hop.outcome]), " ", ...prose(told));
    };
    const cells = (kind) => ([one, other].every((attempt) => last(attempt, kind)?.outcome === "ok")
      ? element("td", { colspan: 2, class: "irsa-ok" }, element("strong", {}, "✓ ok in both"))
      : [cell(one, other, kind), cell(other, one, kind)]);
    return element("table", { class: "irsa-comparison" },
      element("thead", {}, element("tr", {}, ["step", one, other].map((head) =>
        element("th", { scope: "col" }, head.pod ? [element("div", {}, `${head.number} ${MARKS[head.outcome]}`), head.pod] : head)))),
      element("tbody", {}, kinds.map((kind) => element("tr", {},
        element("th", { scope: "row" }, STEPS[kind]), cells(kind)))));
  }

  draw();
  return {
    end() { sized.disconnect(); clearInterval(state.timer); },
    update(newHops) {
      const atEnd = state.chosen >= visible().length - 1;
      state.hops = newHops;
      state.known = attempts(newHops);
      // A world that was made anew may have no such handshake.
      if (!state.known[state.attempt]) state.attempt = null;
      if (state.follow && atEnd && !state.timer) select(visible().length - 1);
      else draw();
    },
  };
}

/** The view of a model with `hops` and `actors`: a notebook's widget, or the console's. */
export function handshake({ model, el }) {
  const view = show(el, model.get("actors"), { hops: model.get("hops") });
  const changed = () => view.update(model.get("hops"));
  model.on("change:hops", changed);
  return () => { model.off("change:hops", changed); view.end(); };
}
