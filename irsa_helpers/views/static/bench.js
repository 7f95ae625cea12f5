// The trust-policy bench. Nothing is decided here: each keystroke is sent to the kernel.
import { element, prose, shortened } from "./base.js";

const WAIT_MS = 40;

/** The bench of a notebook's widget. */
export function bench({ model, el }) {
  let timer = null;
  const editor = element("textarea", {
    class: "irsa-editor", rows: 18, spellcheck: "false", "aria-label": `trust policy of ${model.get("role")}`,
    oninput: () => { clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); },
    onkeydown: (event) => event.stopPropagation(), // JupyterLab's own keys are not meant
  });
  editor.value = model.get("policy");
  const typed = element("input", {
    placeholder: "namespace/name", "aria-label": "another ServiceAccount to try, as namespace/name",
    oninput: () => { clearTimeout(timer); timer = setTimeout(ask, WAIT_MS); },
    onkeydown: (event) => event.stopPropagation(),
  });
  const claims = element("div", { class: "irsa-claims" });
  const verdict = element("div", { class: "irsa-verdict", role: "status" });
  const said = element("pre", { class: "irsa-said", role: "status" });
  const ask = (more = {}) => model.send({ policy: editor.value, typed: typed.value, ...more });
  const apply = element("button", { onclick: () => ask({ apply: true }) }, "apply to IAM");
  const back = element("button", { onclick: () => { editor.value = model.get("policy"); ask(); } }, "as it was");

  function drawClaims() {
    const lines = model.get("verdict").lines ?? [];
    claims.replaceChildren(...Object.entries(model.get("claims")).map(([claim, value]) => {
      const asked = lines.filter((line) => line.claim === claim);
      return element("div", { class: "irsa-claim" },
        element("strong", {}, claim), " ", shortened(value, 60),
        element("ul", {}, asked.length
          ? asked.map((line) => element("li", { class: line.matched ? "irsa-ok" : "irsa-denied" },
            element("strong", { class: "irsa-mark" }, line.matched ? "✓ fits " : "✗ differs "),
            `${line.statement}: ${line.operator} `, shortened(line.wanted.join(", "), 60)))
          : claim === "iss" ? element("li", {}, "names the provider: the statement's Principal")
            : element("li", { class: "irsa-error" }, element("strong", { class: "irsa-mark" }, "! "), "no condition asks for it")));
    }));
  }

  function drawVerdict() {
    const seen = model.get("verdict");
    apply.disabled = Boolean(seen.error) || !seen.diff.length;
    if (seen.error) {
      verdict.replaceChildren(element("p", { class: "irsa-denied" }, element("strong", { class: "irsa-mark" }, "✗ "), seen.error));
      return;
    }
    verdict.replaceChildren(
      element("p", { class: seen.admitted ? "irsa-ok" : "irsa-denied" },
        element("strong", { class: "irsa-mark" }, seen.admitted ? "✓ this token gets in" : "✗ this token is refused")),
      ...(seen.why ? [element("p", { class: "irsa-why" }, prose(seen.why))] : []),
      element("p", { class: "irsa-part" }, "Who gets in?"),
      element("table", {},
        element("thead", {}, element("tr", {}, ["ServiceAccount", "there?", "admitted"].map((head) => element("th", { scope: "col" }, head)))),
        element("tbody", {}, seen.who.map((each) => element("tr", {},
          element("td", {}, each.subject.replace("system:serviceaccount:", "").replace(":", "/")),
          element("td", {}, each.there),
          element("td", { class: each.admitted ? "irsa-ok" : "irsa-denied" },
            element("strong", { class: "irsa-mark" }, each.admitted ? "✓ yes" : "✗ no")))))),
      element("label", {}, "try another: ", typed),
      ...seen.findings.flatMap((finding) => [
        element("p", { class: `irsa-part${finding.severity === "advice" ? "" : " irsa-denied"}` }, finding.severity),
        element("p", {}, prose(finding.message)), element("p", {}, "Fix: ", ...prose(finding.fix))]),
      ...(seen.diff.length ? [element("p", { class: "irsa-part" }, "What differs from IAM"), element("pre", {}, seen.diff.join("\n"))] : []));
  }

  function draw() {
    const hadFocus = document.activeElement === typed;
    drawClaims();
    drawVerdict();
    if (hadFocus) typed.focus();
    said.textContent = model.get("said");
  }
  model.on("change:verdict", draw);
  model.on("change:said", draw);
  el.replaceChildren(element("section", { class: "irsa-view irsa-bench", "aria-label": "the trust-policy bench" },
    element("div", { class: "irsa-bench-parts" },
      element("div", {}, element("p", { class: "irsa-part" }, "The token says"), claims),
      element("div", {}, element("p", { class: "irsa-part" }, "The trust policy asks"), editor,
        element("div", { class: "irsa-controls" }, apply, back), said),
      element("div", {}, element("p", { class: "irsa-part" }, "The evaluator decides"), verdict))));
  draw();
}
