// A token in its three parts. Who signed it was found out by whoever gives the facts, not here.
import { element, prose, redraw, shortened } from "./base.js";

const TICK_MS = 1000;
const ASK_MS = 5000; // the world's clock may be moved: it is asked again
const SIGNED = new Map([[true, ["ok", "✓ good: "]], [false, ["denied", "✗ not good: "]], [null, ["error", "! not checked: "]]]);

/** Hours, minutes and seconds, the two largest of them. */
function span(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

/** How a life stands at a moment: the part that is over, and a sentence. */
function lifeAt({ begins, ends }, now) {
  if (ends == null) return { over: 0, kind: "denied", said: "✗ it does not say when it ends: STS refuses it" };
  if (now >= ends) return { over: 1, kind: "denied", said: `✗ expired ${span(now - ends)} ago: STS refuses it` };
  if (begins == null || now < begins) return { over: 0, kind: "error", said: `! not in force yet; it ends in ${span(ends - now)}` };
  const over = (now - begins) / (ends - begins);
  return { over, kind: "ok", said: `✓ in force: ${Math.floor(over * 100)} % of its ${span(ends - begins)} are over, ${span(ends - now)} are left` };
}

/** The view of a model with `tokens` (facts, the newest last) and `now`, the world's time in seconds. */
export function token({ model, el }) {
  let chosen = null; // none: the newest
  let told = 0;
  let heard = 0;
  const life = element("div", { class: "irsa-life" });
  const root = element("section", { class: "irsa-view irsa-token", "aria-label": "a token" });
  el.replaceChildren(root);

  const tokens = () => model.get("tokens");
  const facts = () => tokens()[chosen ?? tokens().length - 1];
  const now = () => told + (performance.now() - heard) / 1000;

  function row({ claim, value, meaning, compared }) {
    return element("tr", {},
      element("th", { scope: "row" }, claim.split(/(?=\.(?!io))/).map((piece) => [element("wbr"), piece])),
      element("td", {}, shortened(value, 60)),
      element("td", {}, compared ? element("strong", {}, "AWS looks at it: ") : null, meaning));
  }

  function part(title, name, ...rows) {
    return element("table", { class: `irsa-part-${name}` }, element("caption", {}, title), element("tbody", {}, rows));
  }

  function signature({ good, said }) {
    const [kind, mark] = SIGNED.get(good);
    return element("tr", {},
      element("th", { scope: "row" }, element("span", { "aria-label": "masked" }, "•".repeat(12))),
      element("td", { colspan: 2, class: `irsa-${kind}` }, element("strong", { class: "irsa-mark" }, mark), prose(said)));
  }

  function drawLife() {
    if (!tokens().length) return;
    const { over, kind, said } = lifeAt(facts().life, now());
    const percent = Math.round(over * 1000) / 10;
    life.className = `irsa-life irsa-${kind}`;
    life.replaceChildren(
      element("div", { class: "irsa-bar", role: "progressbar", "aria-label": "how much of the token's life is over",
        "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent, "aria-valuetext": said },
      element("span", { style: `width:${percent}%` })),
      element("p", {}, element("strong", { class: "irsa-mark" }, said)));
  }

  function chooser() {
    if (tokens().length < 2) return null;
    return element("label", {}, "token ", element("select", {
      onchange: (event) => { chosen = Number(event.target.value); draw(); ask(); },
    }, tokens().map(({ label }, index) =>
      element("option", { value: index, selected: index === (chosen ?? tokens().length - 1) }, label))));
  }

  function draw() {
    if (!tokens().length) {
      redraw(root, "none", () => element("p", { class: "irsa-empty" },
        "No token has been shown to STS yet. Let a Pod call AWS: its token appears here, without its signature."));
      return;
    }
    const shownToken = facts();
    redraw(root, JSON.stringify([tokens(), chosen]), () => [element("div", { class: "irsa-controls" }, chooser()), life,
      element("div", { class: "irsa-token-parts" },
        part("1. Header: how it is signed", "header", shownToken.header.map(row)),
        part("2. Claims: what it says", "claims", shownToken.claims.map(row)),
        part("3. Signature: who vouches for it", "signature", signature(shownToken.signature)))]);
    drawLife();
  }

  function hear() {
    [told, heard] = [model.get("now"), performance.now()];
    drawLife();
  }

  const ask = () => model.send({ namespace: tokens().length ? facts().namespace : "" });
  const timers = [setInterval(drawLife, TICK_MS), setInterval(ask, ASK_MS)];
  model.on("change:now", hear);
  model.on("change:tokens", draw);
  hear();
  draw();
  return () => {
    timers.forEach(clearInterval);
    model.off("change:now", hear);
    model.off("change:tokens", draw);
  };
}
