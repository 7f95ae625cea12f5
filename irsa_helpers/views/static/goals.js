// The goals of a lab, ticked by the kernel as they are reached.
import { element, openOutput, placeInLab, prose } from "./base.js";

/** The goals of a model with `lab` and `sight`; in JupyterLab a terminal opens beside it. */
export function goals({ model, el }) {
  const list = element("ul", { class: "irsa-goals" });
  const note = element("p", { class: "irsa-count", role: "status" });
  // Above the goals: below them it would be out of sight beside a terminal.
  const end = element("div", { class: "irsa-goals-end" });
  const root = element("section", { class: "irsa-view", "aria-label": `goals of lab ${model.get("lab").number}` },
    note, end, list);
  el.replaceChildren(root);

  const goal = (seen) => element("li", { class: seen.reached ? "irsa-ok" : "irsa-open" },
    element("strong", { class: "irsa-mark" }, seen.reached ? "✓ reached " : "○ not yet "),
    element("span", {}, ...prose(seen.name)),
    element("span", { class: "irsa-seen" }, "seen: ", ...prose(seen.found)));
  const link = (address, ...text) => element("a", { href: address, target: "_blank", rel: "noopener" }, ...text);

  function draw() {
    const { goals: seenGoals, note: said, debrief, seen: met } = model.get("sight");
    const reached = seenGoals.filter((seen) => seen.reached).length;
    note.textContent = said || `Lab ${model.get("lab").number}: ${reached} of ${seenGoals.length} goals reached`;
    list.replaceChildren(...seenGoals.map(goal));
    end.replaceChildren(...(debrief ? ending(debrief, met) : []));
  }

  function ending(debrief, met) {
    const { lesson, next } = model.get("lab");
    return [element("p", { class: "irsa-part" }, "All goals reached"), element("p", {}, ...prose(debrief)),
      element("p", {}, "Seen elsewhere:"),
      element("ul", {}, met.map((one) => element("li", {}, link(one.url, ...prose(one.what))))),
      element("p", {}, `Lesson: notebooks/${lesson}. `, next ? `Next: ${next}.` : "It was the last lab.")];
  }

  model.on("change:sight", draw);
  draw();
  arrange(el);
  return () => model.off("change:sight", draw);
}

/** Story left, terminal right, these goals below it, the handshake in a tab behind. Only where JupyterLab shows itself to pages.
    The file browser makes room, and the notebook's own copies shrink to a line while the panels are there. */
async function arrange(el) {
  await globalThis.jupyterapp?.restored;
  const frame = () => new Promise(requestAnimationFrame);
  for (let tries = 0; tries < 60 && !el.isConnected; tries += 1) await frame();
  const place = placeInLab(el);
  if (!place || place.notebook.irsaArranged || document.querySelector(".jp-LinkedOutputView")) return;
  const { lab, notebook } = place;
  notebook.irsaArranged = true;
  notebook.node.classList.add("irsa-arranged");
  lab.shell.collapseLeft();
  const terminal = await lab.commands.execute("terminal:create-new");
  lab.shell.add(terminal, "main", { mode: "split-right", ref: notebook.id });
  const seen = await openOutput(place, "goals", "split-bottom", terminal.id);
  const next = notebook.content.widgets[place.index + 1];
  if (seen && next?.model.sharedModel.source.includes(".handshake(")) {
    await openOutput({ ...place, index: place.index + 1 }, "handshake", "tab-after", seen.id);
    lab.shell.activateById(seen.id);
  }
  lab.shell.activateById(terminal.id);
}
