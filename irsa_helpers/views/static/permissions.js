// Recorded calls against a permission policy. Nothing is decided here: each keystroke is sent on.
import { choose, differences, editing, element, findings, mark, prose, redraw, shortened } from "./base.js";

/** The bench of a model with `policy`, `role`, `verdict` and `said`; `roles` where one may choose among several. */
export function permissions({ model, el }) {
  const verdict = element("div", { class: "irsa-verdict", role: "status", tabindex: "0", "aria-label": "what the evaluator decides" });
  const edit = editing(model, "permission policy");
  const heading = element("div", { class: "irsa-part" });

  function callRow(call) {
    const changed = call.recorded !== call.allowed;
    return element("tr", { class: call.allowed ? "irsa-ok" : "irsa-denied" },
      element("td", {}, mark(call.allowed, "✓ allowed", "✗ refused"),
        changed ? element("div", {}, call.recorded ? "was allowed" : "was refused") : null),
      element("td", {}, call.action, element("div", {}, shortened(call.resource, 50)),
        call.allowed ? null : element("div", { class: "irsa-why" }, prose(call.fix || call.why)),
        call.unseen.length ? element("div", {}, `hangs on ${call.unseen.join(", ")}, which no record keeps`) : null));
  }

  function grantRow(grant) {
    const denies = grant.effect === "Deny";
    const count = grant.calls === 1 ? "1 call" : `${grant.calls} calls`;
    return element("tr", {},
      element("td", {}, denies ? `Deny, of ${count}` : mark(grant.calls > 0, `✓ used, ${count}`, "! unused", "error")),
      element("td", {}, grant.what, element("div", {}, `in ${grant.statement}`)));
  }

  function table(caption, heads, rows) {
    return element("table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows.length ? rows : element("tr", {}, element("td", { colspan: heads.length }, "none"))));
  }

  function draw() {
    const [seen, roles] = [model.get("verdict"), model.get("roles")];
    edit.heard(seen);
    redraw(heading, JSON.stringify([roles, model.get("role")]), () => (roles?.length
      ? ["What may ", choose("role", roles, model.get("role"), (role) => model.send({ role })), " do?"] : `What ${model.get("role") || "a role"} may do`));
    if (roles && !roles.length) {
      verdict.replaceChildren(element("p", { class: "irsa-empty" },
        "No role has called anything yet. Let a Pod call S3: each call appears here, and the least policy that allows it."));
      return;
    }
    if (seen.error) {
      verdict.replaceChildren(element("p", { class: "irsa-denied" }, element("strong", { class: "irsa-mark" }, "✗ "), seen.error));
      return;
    }
    verdict.replaceChildren(
      ...(roles ? [element("p", { class: "irsa-empty" }, "The editor begins with the least policy that allows what went well. Type in it: your policy is tried, and not applied.")] : []),
      table("What the app called", ["now", "call"], seen.calls.map(callRow)),
      table("What the policy names", ["use", "action"], seen.grants.map(grantRow)),
      ...findings(seen.findings), ...differences(seen.diff));
  }

  el.replaceChildren(element("section", { class: "irsa-view irsa-permissions", "aria-label": "the permission bench" },
    element("div", { class: "irsa-bench-parts irsa-two" },
      element("div", {}, heading, edit.parts),
      element("div", {}, element("p", { class: "irsa-part" }, "The evaluator decides"), verdict))));
  return edit.start(draw);
}
