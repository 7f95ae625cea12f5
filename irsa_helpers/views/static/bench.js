// The trust-policy bench. Nothing is decided here: each keystroke is sent to the kernel.
import { choose, differences, editing, element, findings, mark, prose, redraw, shortened } from "./base.js";

const SVG = "http://www.w3.org/2000/svg";

/** Where the conditions stand in the text, each with the outcome that the evaluator told: {from, to, kind, line}. */
function conditionsIn(text, lines) {
  const after = new Map();
  const places = lines.map((line) => {
    const key = JSON.stringify(line.key);
    const from = text.indexOf(key, after.get(key) ?? 0);
    const end = text.indexOf("\n", from);
    after.set(key, from + key.length);
    return { from, to: end < 0 ? text.length : end, kind: line.matched ? "ok" : "denied", line };
  });
  const sorted = places.filter(({ from }) => from >= 0).sort((one, other) => one.from - other.from);
  return sorted.filter(({ from }, index) => !index || from >= sorted[index - 1].to);
}

/** The bench of a model with `policy`, `role`, `account`, `claims`, `verdict` and `said`; `roles` and `accounts` where
    one may choose, and then `withheld`, the labs whose roles are left out. */
export function bench({ model, el }) {
  const typed = element("input", {
    placeholder: "namespace/name", "aria-label": "another ServiceAccount to try, as namespace/name",
    oninput: () => edit.soon(), onkeydown: (event) => event.stopPropagation(),
  });
  const edit = editing(model, "trust policy", () => typed.value);
  const [whose, asking] = [element("p", { class: "irsa-part" }), element("p", { class: "irsa-part" })];
  const claims = element("div", { class: "irsa-claims" });
  const verdict = element("div", { class: "irsa-verdict", role: "status", tabindex: "0", "aria-label": "what the evaluator decides" });
  const threads = document.createElementNS(SVG, "svg");
  threads.setAttribute("class", "irsa-threads");
  threads.setAttribute("aria-hidden", "true");
  let ends = []; // of each condition: where its claim tells of it, where it stands in the policy

  function drawClaims() {
    const { lines = [] } = model.get("verdict");
    const told = new Map();
    const tell = (line) => {
      told.set(line, element("li", { class: line.matched ? "irsa-ok" : "irsa-denied" },
        element("strong", { class: "irsa-mark" }, line.matched ? "✓ fits " : "✗ differs "),
        `${line.statement}: ${line.operator} `, shortened(line.wanted.join(", "), 60)));
      return told.get(line);
    };
    claims.replaceChildren(...Object.entries(model.get("claims")).map(([claim, value]) => {
      const asked = lines.filter((line) => line.claim === claim);
      return element("div", { class: "irsa-claim" },
        element("strong", {}, claim), " ", shortened(value, 60),
        element("ul", {}, asked.length ? asked.map(tell)
          : claim === "iss" ? element("li", {}, "names the provider: the statement's Principal")
            : element("li", { class: "irsa-error" }, element("strong", { class: "irsa-mark" }, "! "), "no condition asks for it")));
    }));
    const places = conditionsIn(edit.text(), lines);
    const marks = edit.mark(places);
    ends = places.map(({ line }, index) => [told.get(line), marks[index]]).filter(([claim]) => claim);
    drawThreads();
  }

  /** A line from each claim to its condition, where the two stand side by side. */
  function drawThreads() {
    const base = threads.getBoundingClientRect();
    threads.replaceChildren(...ends.flatMap(([claim, condition]) => {
      const [from, to] = [claim.getBoundingClientRect(), condition.getClientRects()[0]];
      if (!to || to.left <= from.right) return [];
      const [x, y, u, v] = [from.right - base.left, from.top + 10 - base.top, to.left - base.left - 3, to.top + to.height / 2 - base.top];
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", `M ${x} ${y} C ${x + 30} ${y} ${u - 50} ${v} ${u} ${v}`);
      path.setAttribute("class", claim.className);
      return [path];
    }));
  }

  /** What stands on the bench: by name, or to be chosen. */
  function drawHeads() {
    const head = (host, title, label, names, name) => {
      const chosen = model.get(name);
      redraw(host, JSON.stringify([names, chosen]), () => [title,
        names?.length ? choose(label, names, chosen, (other) => model.send({ [name]: other })) : chosen]);
    };
    head(whose, "Token of ", "ServiceAccount", model.get("accounts"), "account");
    head(asking, "Trust policy of ", "role", model.get("roles"), "role");
  }

  function withheld() {
    const labs = model.get("withheld") ?? [];
    return labs.length ? [element("p", { class: "irsa-empty" },
      `Lab ${labs.join(", ")} is open: what is wrong with its roles is for you to find, and they are not here.`)] : [];
  }

  function drawVerdict() {
    const seen = model.get("verdict");
    edit.heard(seen);
    if (!model.get("policy") && !seen.error) {
      verdict.replaceChildren(
        element("p", { class: "irsa-empty" }, model.get("roles") ? "No role trusts a cluster yet. Notebook 03 makes one: its trust policy appears here." : "Looking …"), ...withheld());
      return;
    }
    if (seen.error) {
      verdict.replaceChildren(element("p", { class: "irsa-denied" }, element("strong", { class: "irsa-mark" }, "✗ "), seen.error));
      return;
    }
    verdict.replaceChildren(
      element("p", {}, mark(seen.admitted, "✓ this token gets in", "✗ this token is refused")),
      ...(seen.why ? [element("p", { class: "irsa-why" }, prose(seen.why))] : []),
      ...findings(seen.findings),
      element("p", { class: "irsa-part" }, "Who gets in?"),
      element("table", {},
        element("thead", {}, element("tr", {}, ["ServiceAccount", "there?", "in?"].map((head) => element("th", { scope: "col" }, head)))),
        element("tbody", {}, seen.who.map((asked) => element("tr", {},
          element("td", {}, asked.subject.replace("system:serviceaccount:", "").replace(":", "/")),
          element("td", {}, asked.there),
          element("td", {}, mark(asked.admitted, "✓ yes", "✗ no")))))),
      element("label", {}, "try another: ", typed),
      ...differences(seen.diff), ...withheld());
  }

  function draw() {
    const hadFocus = document.activeElement === typed;
    drawHeads();
    drawVerdict();
    drawClaims();
    if (hadFocus) typed.focus();
  }
  const parts = element("div", { class: "irsa-bench-parts" },
    element("div", {}, whose, claims),
    element("div", {}, asking, edit.parts),
    element("div", {}, element("p", { class: "irsa-part" }, "The evaluator decides"), verdict), threads);
  el.replaceChildren(element("section", { class: "irsa-view irsa-bench", "aria-label": "the trust-policy bench" }, parts));
  const resized = new ResizeObserver(drawThreads);
  for (const part of [parts, claims]) resized.observe(part);
  const end = edit.start(draw);
  return () => { resized.disconnect(); end(); };
}
