// The search of the course's pages: the list of their sections stands before this text. No request is made.
const MOST = 20;
const AROUND = 60; // signs shown on each side of a word

const form = document.querySelector("form[role=search]");
const input = form.querySelector("input");
const list = document.getElementById("results");
const said = document.getElementById("found");

/** How well a section fits: the words in its heading and title count more; 0 where one word is missing. */
function fit(section, words) {
  const [title, heading, text] = [section.title, section.heading, section.text].map((part) => part.toLowerCase());
  let sum = 0;
  for (const word of words) {
    const own = 4 * heading.includes(word) + 2 * title.includes(word) + text.includes(word);
    if (!own) return 0;
    sum += own;
  }
  return sum;
}

function around(text, word) {
  const at = text.toLowerCase().indexOf(word);
  if (at < 0) return text.slice(0, 2 * AROUND);
  return `${at > AROUND ? "…" : ""}${text.slice(Math.max(0, at - AROUND), at + AROUND)}…`;
}

function row(section, word) {
  const [item, link, text] = ["li", "a", "p"].map((tag) => document.createElement(tag));
  link.href = section.page;
  link.textContent = section.heading === section.title ? section.title : `${section.title}: ${section.heading}`;
  text.textContent = around(section.text, word);
  item.append(link, text);
  return item;
}

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fitting = words.length ? sections.map((section) => [fit(section, words), section]).filter(([sum]) => sum) : [];
  fitting.sort(([one], [other]) => other - one);
  said.textContent = words.length ? `${fitting.length} places` : "";
  list.replaceChildren(...fitting.slice(0, MOST).map(([, section]) => row(section, words[0])));
}

input.addEventListener("input", search);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
