// The first act: its scenes as buttons, what AWS said, and the handshake as it happens.
import { element } from "./base.js";
import { handshake } from "./handshake.js";

/** The act of a model with `scenes`, `at` (the number of the next one), `busy`, `said`, `answer`, and those of the handshake. */
export function act({ model, el }) {
  const press = (index) => {
    root.scrollIntoView({ block: "start" }); // so that the picture, with its reasons, is in sight
    model.send({ scene: index });
  };
  const buttons = model.get("scenes").map((title, index) => element("button", { onclick: () => press(index) }, title));
  const said = element("div", { class: "irsa-told", role: "status" });
  const picture = element("div");
  const root = element("section", { class: "irsa-view irsa-act", "aria-label": "the first act" },
    element("div", { class: "irsa-controls" }, buttons), said);
  el.replaceChildren(root, picture);

  function draw() {
    const [at, busy] = [model.get("at"), model.get("busy")];
    const pressed = buttons.includes(document.activeElement);
    buttons.forEach((button, index) => {
      button.disabled = busy || index !== at;
      button.classList.toggle("irsa-primary", !button.disabled);
    });
    if (pressed && !busy) buttons[at]?.focus({ preventScroll: true });
    said.replaceChildren(busy ? "A moment: each hop appears below as it happens." : element("p", {}, model.get("said")),
      ...(model.get("answer") && !busy ? [element("pre", {}, model.get("answer"))] : []));
  }

  const events = ["change:at", "change:busy", "change:said"];
  events.forEach((event) => model.on(event, draw));
  draw();
  const end = handshake({ model, el: picture });
  return () => { events.forEach((event) => model.off(event, draw)); end(); };
}
