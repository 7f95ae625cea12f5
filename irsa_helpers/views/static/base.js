// What all views share. Every text is put in as text, never as HTML.

/** An element with attributes, listeners (`onclick`) and children (elements or texts). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child != null));
  return made;
}

/** A long text cut in its middle, where an ARN says the least. */
export function middleCut(text, signs) {
  const head = Math.ceil(signs * 0.45);
  return text.length <= signs ? text : `${text.slice(0, head)}…${text.slice(text.length - (signs - head - 1))}`;
}

/** A long text cut in its middle; whole on a click or Enter. */
export function shortened(text, signs = 44) {
  const cut = middleCut(text, signs);
  if (cut === text) return document.createTextNode(text);
  const button = element("button", {
    class: "irsa-long",
    title: text,
    "aria-label": `${text}, shortened: press to show all of it`,
    onclick: () => button.replaceWith(element("span", { class: "irsa-whole" }, text)),
  }, cut);
  return button;
}

const EARLIEST = 1e9; // a number from here on is a time: seconds since the epoch

/** A value of a hop or claim as something to read: lists by commas, checks with their marks, objects as a list. */
export function shown(value) {
  if (typeof value === "string") return shortened(value);
  if (typeof value === "number" && value >= EARLIEST) return document.createTextNode(new Date(value * 1000).toISOString().replace(".000", ""));
  if (typeof value !== "object" || value === null) return document.createTextNode(String(value));
  if (!Array.isArray(value)) return element("ul", { class: "irsa-inner" }, Object.entries(value).map(([name, inner]) => element("li", {}, `${name}: `, shown(inner))));
  if (value.every((item) => typeof item !== "object")) return shortened(value.join(", "));
  return element("ul", { class: "irsa-inner" }, value.map((item) => element("li", {}, item && "ok" in item ? check(item) : shown(item))));
}

/** A check with its mark, and, where it failed, what was expected and found. */
function check({ name, ok, expected, found }) {
  return [mark(ok, "✓ ", "✗ "), name, ok ? null : [": expected ", shown(expected), ", found ", shown(found)]];
}

/** A table of names and values. */
export function pairs(entries) {
  return element("dl", {}, entries.flatMap(([name, value]) => [
    element("dt", {}, name.replaceAll("_", " ")),
    element("dd", {}, shown(value)),
  ]));
}

/** Text with `code` in backquotes. */
export function prose(text) {
  return text.split(/`([^`]*)`/).map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

/** `yes` or `no`, each a mark with its word, in the colour of what it means. */
export function mark(good, yes, no, kind = "denied") {
  return element("span", { class: good ? "irsa-ok" : `irsa-${kind}` }, element("strong", { class: "irsa-mark" }, good ? yes : no));
}

/** What the linter says, each with its fix. */
export function findings(listed) {
  return listed.flatMap((finding) => [
    element("p", { class: `irsa-part${finding.severity === "advice" ? "" : " irsa-denied"}` }, finding.severity),
    element("p", {}, prose(finding.message)), element("p", {}, "Fix: ", ...prose(finding.fix))]);
}

/** The lines that differ from what IAM has. */
export function differences(lines) {
  return lines.length ? [element("p", { class: "irsa-part" }, "What differs from IAM"), element("pre", {}, lines.join("\n"))] : [];
}

/** One of several names, chosen by the learner; `changed` is called with the name. */
export function choose(label, names, chosen, changed) {
  return element("select", { "aria-label": label, onchange: (event) => changed(event.target.value) },
    names.map((name) => element("option", { value: name, selected: name === chosen }, name)));
}

/** What `make` gives stands in `host`, made anew only for another `key`: a list that is open stays so, and the focus. */
export function redraw(host, key, make) {
  if (host.irsaKey === key) return;
  const at = [...host.querySelectorAll("select, button")].indexOf(document.activeElement);
  host.irsaKey = key;
  host.replaceChildren(...[make()].flat(Infinity).filter((part) => part != null));
  if (at >= 0) host.querySelectorAll("select, button")[at]?.focus({ preventScroll: true });
}

const KEY_WAIT_MS = 30;

/** The editor of a model's `policy`, its buttons, and what was said of applying it.
 *
 * `parts` are the elements; `ask(more)` sends the text and `typed()`; `heard(verdict)` is called with each verdict;
 * `mark(ranges)` colours parts of the text ({from, to, kind}) and returns their elements; `start(draw)` draws now and at
 * each answer, and returns what ends that. */
export function editing(model, label, typed = () => "") {
  let timer = null;
  const ask = (more = {}) => model.send({ policy: editor.value, typed: typed(), ...more });
  const soon = () => { copy(); clearTimeout(timer); timer = setTimeout(ask, KEY_WAIT_MS); };
  const editor = element("textarea", {
    class: "irsa-editor", spellcheck: "false", "aria-label": label,
    oninput: soon, onkeydown: (event) => event.stopPropagation(), // JupyterLab's own keys are not meant
  });
  // The same text behind the editor: it gives the editor its height, and holds the colours.
  const behind = element("div", { class: "irsa-behind", "aria-hidden": "true" });
  const copy = () => { behind.textContent = `${editor.value}\n`; };
  const restore = () => { if (editor.value !== model.get("policy")) { editor.value = model.get("policy"); copy(); } };
  const apply = element("button", { onclick: () => ask({ apply: true }) }, "apply to IAM");
  const back = element("button", { onclick: () => { restore(); ask(); } }, "back to IAM's policy");
  const said = element("pre", { class: "irsa-said", role: "status" });
  restore();
  return {
    parts: [element("div", { class: "irsa-editing" }, behind, editor),
      model.get("applies") === false ? null : element("div", { class: "irsa-controls" }, apply, back), said],
    ask, soon,
    text: () => editor.value,
    heard(verdict) {
      apply.disabled = Boolean(verdict.error) || !verdict.diff.length;
      said.textContent = model.get("said");
    },
    mark(ranges) {
      const marks = ranges.map(({ from, to, kind }) => element("mark", { class: `irsa-${kind}` }, editor.value.slice(from, to)));
      const ends = [0, ...ranges.map(({ to }) => to)];
      const between = [...ranges.map(({ from }) => from), editor.value.length].map((from, index) => editor.value.slice(ends[index], from));
      behind.replaceChildren(...between.flatMap((text, index) => (marks[index] ? [text, marks[index]] : [text])), "\n");
      return marks;
    },
    start(draw) {
      const events = ["change:verdict", "change:said"];
      events.forEach((event) => model.on(event, draw));
      model.on("change:policy", restore);
      draw();
      return () => {
        clearTimeout(timer);
        events.forEach((event) => model.off(event, draw));
        model.off("change:policy", restore);
      };
    },
  };
}

/** The JupyterLab that shows itself to pages and can show things side by side: in its simple mode one thing hides another. */
const sideBySide = () => (globalThis.jupyterapp?.shell.mode === "multiple-document" ? globalThis.jupyterapp : null);

/** That JupyterLab, the notebook that holds an element, and the number of its cell. */
export function placeInLab(el) {
  const lab = sideBySide();
  const panels = lab ? [...lab.shell.widgets("main")] : [];
  const notebook = panels.find((panel) => panel.content?.widgets && panel.context && panel.node.contains(el));
  const index = notebook ? notebook.content.widgets.findIndex((cell) => cell.node.contains(el)) : -1;
  return index < 0 ? null : { lab, notebook, index };
}

/** The output of a cell, in a panel of its own beside `ref`: it stays in view while one works on.
    Returns the panel, if JupyterLab made one. */
export async function openOutput({ lab, notebook, index }, label, mode, ref) {
  const before = new Set([...lab.shell.widgets("main")].map((panel) => panel.id));
  await lab.commands.execute("notebook:create-output-view", { path: notebook.context.path, index });
  const output = [...lab.shell.widgets("main")].find((panel) => !before.has(panel.id));
  if (!output) return null;
  output.title.label = label;
  lab.shell.add(output, "main", { mode, ref });
  return output;
}

/** The view with a button below it that opens it beside its notebook, where JupyterLab lets it. */
export function withPanel(view, label) {
  return (context) => {
    const end = view(context);
    const open = () => { const place = placeInLab(context.el); if (place) openOutput(place, label, "split-right", place.notebook.id); };
    if (sideBySide()) context.el.append(element("div", { class: "irsa-view irsa-beside" },
      element("button", { onclick: open, title: "keeps it in view while you work" }, "open beside the notebook")));
    return end;
  };
}
