// The trust-policy bench. Nothing is decided here: each keystroke is sent to the kernel.
import { differences, editing, element, findings, mark, prose, shortened } from "./base.js";

/** The bench of a model with `policy`, `role`, `claims`, `verdict` and `said`. */
export function bench({ model, el }) {
  const typed = element("input", {
    placeholder: "namespace/name", "aria-label": "another ServiceAccount to try, as namespace/name",
    oninput: () => edit.soon(), onkeydown: (event) => event.stopPropagation(),
  });
  const edit = editing(model, `trust policy of ${model.get("role")}`, () => typed.value);
  const claims = element("div", { class: "irsa-claims" });
  const verdict = element("div", { class: "irsa-verdict", role: "status" });

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
    edit.heard(seen);
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
        element("tbody", {}, seen.who.map((asked) => element("tr", {},
          element("td", {}, asked.subject.replace("system:serviceaccount:", "").replace(":", "/")),
          element("td", {}, asked.there),
          element("td", {}, mark(asked.admitted, "✓ yes", "✗ no")))))),
      element("label", {}, "try another: ", typed),
      ...findings(seen.findings), ...differences(seen.diff));
  }

  function draw() {
    const hadFocus = document.activeElement === typed;
    drawClaims();
    drawVerdict();
    if (hadFocus) typed.focus();
  }
  el.replaceChildren(element("section", { class: "irsa-view irsa-bench", "aria-label": "the trust-policy bench" },
    element("div", { class: "irsa-bench-parts" },
      element("div", {}, element("p", { class: "irsa-part" }, "The token says"), claims),
      element("div", {}, element("p", { class: "irsa-part" }, "The trust policy asks"), edit.parts),
      element("div", {}, element("p", { class: "irsa-part" }, "The evaluator decides"), verdict))));
  return edit.start(draw);
}
