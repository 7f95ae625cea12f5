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

/** A long text cut in its middle, where an ARN says the least; whole on a click or Enter. */
export function shortened(text, signs = 44) {
  if (text.length <= signs) return document.createTextNode(text);
  const head = Math.ceil(signs * 0.45);
  const cut = `${text.slice(0, head)}…${text.slice(text.length - (signs - head - 1))}`;
  const button = element("button", {
    class: "irsa-long",
    title: text,
    "aria-label": `${text}, shortened: press to show all of it`,
    onclick: () => button.replaceWith(element("span", { class: "irsa-whole" }, text)),
  }, cut);
  return button;
}

/** A value of a hop or claim as something to read: lists by commas, objects as JSON. */
export function shown(value) {
  if (typeof value === "string") return shortened(value);
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) {
    return shortened(value.join(", "));
  }
  return typeof value === "object" && value !== null
    ? element("code", {}, JSON.stringify(value))
    : document.createTextNode(String(value));
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
