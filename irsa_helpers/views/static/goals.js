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

  // In the notebook's own folder of labs, and the lessons' beside it.
  function notebookLink(path, text) {
    const { lab, notebook } = placeInLab(el) ?? { lab: globalThis.jupyterapp, ...globalThis.jupyterapp?.irsaArranged };
    if (!notebook) return text;
    const address = notebook.context.path.replace(/labs\/[^/]*$/, path);
    const open = (event) => {
      event.preventDefault();
      lab.commands.execute("docmanager:open", { path: address, options: { mode: "tab-after", ref: notebook.id } });
    };
    return element("a", { href: "#", onclick: open }, text);
  }

  function ending(debrief, met) {
    const { lesson, next, next_notebook: after } = model.get("lab");
    return [element("p", { class: "irsa-part" }, "All goals reached"), element("p", {}, ...prose(debrief)),
      element("p", {}, "Seen elsewhere:"),
      element("ul", {}, met.map((one) => element("li", {}, link(one.url, ...prose(one.what))))),
      element("p", {}, "Lesson: ", notebookLink(`notebooks/${lesson}.ipynb`, lesson), ". ",
        next ? ["Next: ", notebookLink(`labs/${after}.ipynb`, next), "."] : "It was the last lab.")];
  }

  model.on("change:sight", draw);
  draw();
  arrange(el);
  return () => model.off("change:sight", draw);
}

/** Story left, terminal right, these goals below it, the handshake in a tab behind. Only where JupyterLab shows itself to pages.
    The file browser makes room, and the notebook's own copies shrink to a line while the panels are there. The next lab takes
    the place of the one before it: its notebook stands beside that one's, its panels in the place of that one's. */
async function arrange(el) {
  await globalThis.jupyterapp?.restored;
  const frame = () => new Promise(requestAnimationFrame);
  for (let tries = 0; tries < 60 && !el.isConnected; tries += 1) await frame();
  const place = placeInLab(el);
  if (!place || place.notebook.irsaArranged) return;
  const { lab, notebook } = place;
  leave(lab, notebook);
  notebook.irsaArranged = true;
  notebook.node.classList.add("irsa-arranged");
  lab.shell.collapseLeft();
  const terminal = openTerminal(lab) ?? await lab.commands.execute("terminal:create-new");
  lab.shell.add(terminal, "main", { mode: "split-right", ref: notebook.id });
  const seen = await openOutput(place, "goals", "split-bottom", terminal.id);
  const next = notebook.content.widgets[place.index + 1];
  const watched = next?.model.sharedModel.source.includes(".handshake(");
  const hops = seen && watched && await openOutput({ ...place, index: place.index + 1 }, "handshake", "tab-after", seen.id);
  lab.irsaArranged = { notebook, panels: [seen, hops].filter(Boolean) };
  if (seen) lab.shell.activateById(seen.id);
  lab.shell.activateById(terminal.id);
}

/** The panels of the lab before are closed, and the new one's notebook stands where that one's does. */
function leave(lab, notebook) {
  const before = lab.irsaArranged;
  if (!before) return;
  before.panels.forEach((panel) => panel.close());
  before.notebook.irsaArranged = false;
  before.notebook.node.classList.remove("irsa-arranged");
  if (before.notebook.isAttached && before.notebook !== notebook) lab.shell.add(notebook, "main", { mode: "tab-after", ref: before.notebook.id });
}

const openTerminal = (lab) => [...lab.shell.widgets("main")].find((panel) => panel.node.querySelector(".jp-Terminal"));
