// Where the learner is: what is done, and what is next. It was all found out by whoever gives it.
import { element, placeInLab, prose, redraw } from "./base.js";

const STATES = { done: ["ok", "✓ done"], "not yet": ["open", "○ not yet"], waits: ["open", "… waits"] };

/** The map of a model with `course`, as `CourseMap.to_dict` gives it; null until it is known. */
export function map({ model, el }) {
  const root = element("section", { class: "irsa-view irsa-map", "aria-label": "the map of the course" });
  el.replaceChildren(root);

  /** A notebook's title; in JupyterLab it opens that notebook, which stands beside this one. */
  function title(place) {
    if (!/^\d/.test(place.name)) return place.title.replace(/^labs: /, "");
    if (!globalThis.jupyterapp) return place.title;
    const open = (event) => {
      const here = placeInLab(el);
      event.preventDefault();
      if (here) here.lab.commands.execute("docmanager:open", { path: here.notebook.context.path.replace(/[^/]*$/, `${place.name}.ipynb`) });
    };
    return element("a", { href: `${place.name}.ipynb`, onclick: open }, place.title);
  }

  function row(place) {
    return element("tr", { class: place.finished ? "irsa-ok" : "irsa-open" },
      element("th", { scope: "row" }, place.mark ? element("strong", { class: "irsa-mark", "aria-label": place.finished ? "finished" : "open" }, `${place.mark} `) : null,
        /^\d/.test(place.name) ? `${place.name.slice(0, 2)} ` : "", title(place)),
      element("td", { class: "irsa-number" }, `${place.minutes} min`),
      element("td", {}, place.of ? [element("progress", { max: place.of, value: place.done, "aria-label": place.title }), ` ${place.done} of ${place.of}`] : null));
  }

  function table(caption, where, done, places) {
    return element("table", {}, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, [where, "time", done].map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, places.map(row)));
  }

  function step(place, index) {
    const [kind, said] = STATES[place.step];
    return element("li", { class: `irsa-${kind}` }, element("strong", { class: "irsa-mark" }, `${index + 1}. ${said}`), element("div", {}, title(place)));
  }

  function draw() {
    const course = model.get("course");
    if (!course) {
      redraw(root, model.get("said"), () => element("p", { class: "irsa-empty", role: "status" }, model.get("said") || "Looking where you are …"));
      return;
    }
    redraw(root, JSON.stringify(course), () => [
      element("p", { class: "irsa-next" }, element("strong", {}, "Next: "), course.next_step),
      course.finished ? element("p", {}, ...prose("You are through. `irsa-lab map --certificate \"Your name\"` writes a certificate: to print, or to save as a picture.")) : null,
      element("p", { class: "irsa-empty" }, course.standing, " ",
        model.get("again") ? element("button", { onclick: () => model.send({ again: true }) }, "look again") : null),
      element("p", { class: "irsa-part" }, "The four steps, as your world has them"),
      element("ol", { class: "irsa-steps" }, course.notebooks.filter((place) => place.step).map(step)),
      element("div", { class: "irsa-map-parts" },
        table("Notebooks", "notebook", "exercises", course.notebooks), table("Labs", "what is broken", "labs", course.labs))]);
  }

  model.on("change:course", draw);
  draw();
  return () => model.off("change:course", draw);
}
