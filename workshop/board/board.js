// The instructor's board: draws what the board tells, and sends what the instructor does.
const projector = new URLSearchParams(location.search).get("view") === "projector";
document.body.classList.toggle("projector", projector);
const get = (id) => document.getElementById(id);
const { push } = document.forms;

function make(tag, text, kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = kind;
  return made;
}

const cookie = (name) => {
  const entry = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  return entry ? entry.slice(name.length + 1) : "";
};

const say = (text) => { get("notice").textContent = text; };

async function post(path, body, done) {
  const headers = { "X-XSRFToken": cookie("_xsrf"), "Content-Type": "application/json" };
  try {
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body || {}) });
    say(answer.ok ? done : `That did not work: ${answer.status} ${answer.statusText}`);
    return answer.ok;
  } catch {
    say("That did not work: the board is out of reach. Try again in a moment.");
    return false;
  }
}

const seatsOf = (rows) => `${rows.length === 1 ? "seat" : "seats"} ${rows.map((row) => row.seat).join(", ")}`;
// A lab's number: its whole name is `01-access-denied-in-a-new-namespace`.
const labOf = (row) => `lab ${row.lab.split("-")[0]}`;

// On the projector the seats' own marks say which.
function which(what, rows, none = "") {
  if (!rows.length) return none;
  return projector ? `${what}: ${rows.length}` : `${what}: ${seatsOf(rows)}`;
}

function summary(told) {
  const hands = told.rows.filter((row) => row.hand);
  const late = told.rows.filter((row) => row.stuck);
  const parts = [`${told.seats} seat${told.seats === 1 ? "" : "s"}`];
  if (told.median) parts.push(`middle of the room: ${told.median}`);
  parts.push(which("hand up", hands, "no hand up"));
  if (late.length) parts.push(which("over time", late));
  return parts.join(" · ");
}

// For the projector: a line for each notebook and lab, the seats that are there.
function drawPlaces(rows) {
  const places = new Map();
  for (const row of rows) {
    const place = row.lab ? labOf(row) : row.notebook || "not begun";
    places.set(place, [...(places.get(place) || []), row]);
  }
  get("places").replaceChildren(...[...places].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([place, there]) => {
    const line = make("dd", "");
    line.append(...there.map(seat));
    return [make("dt", place), line];
  }));
}

const solved = (row) => (row.labs_done || []).includes(row.lab);

function seat(row) {
  if (row.hand) return make("b", `${row.seat} hand`, "seat hand");
  if (solved(row)) return make("b", `${row.seat} ✓`, "seat done");
  if (row.stuck) return make("b", `${row.seat} over`, "seat stuck");
  return make("b", row.seat, "seat");
}

function where(row) {
  const cell = make("td", "", "where");
  if (row.shares === false || !row.notebook) {
    cell.textContent = row.shares === false ? "does not share" : "not begun";
    return cell;
  }
  const bar = make("span", "", "bar");
  const filled = make("i", "");
  filled.style.width = `${(100 * row.furthest) / row.of}%`;
  bar.append(filled);
  cell.append(row.notebook, make("br", ""), bar, `cell ${row.furthest} of ${row.of}`);
  return cell;
}

const minutes = (row) => (row.notebook || row.lab ? `${row.minutes}${row.plan ? ` of ${row.plan}` : ""}` : "");

function button(text, action) {
  const made = make("button", text);
  made.onclick = action;
  return made;
}

function actions(row) {
  const cell = make("td", "");
  const back = () => post(`seats/${row.seat}/back`, {}, `For ten minutes the name of seat ${row.seat} is enough to come back to it, once.`);
  cell.append(button("Let back in", back), " ", button("Fresh world", () => renew(row.seat)));
  if (row.handshake) cell.append(" ", button("Handshake", () => showHandshake(row)));
  return cell;
}

function renew(number) {
  if (!confirm(`Give seat ${number} a fresh world? Its notebooks are kept in a folder beside.`)) return;
  say(`Seat ${number} gets a fresh world. That takes some seconds.`);
  post(`seats/${number}/renew`, {}, `Seat ${number} has a fresh world. Its learner reloads the page.`);
}

function showHandshake(row) {
  const dialog = get("handshake");
  dialog.querySelector("h2").textContent = `Seat ${row.seat} shows its last hops`;
  dialog.querySelector("tbody").replaceChildren(...row.handshake.map((hop) => {
    const line = make("tr", "", hop.outcome === "ok" ? "" : "refused");
    line.append(...[hop.at.slice(11, 19), `${hop.source} → ${hop.target}`, hop.outcome, hop.summary].map((text) => make("td", text)));
    return line;
  }));
  dialog.showModal();
}

function drawRow(row) {
  const line = make("tr", "", row.hand ? "hand" : "");
  line.append(
    make("td", row.seat),
    make("td", row.name || ""),
    where(row),
    make("td", minutes(row) + (row.stuck ? ", over time" : ""), row.stuck ? "stuck" : ""),
    make("td", row.lab ? `${labOf(row)}: ${row.goals} goals` : "", solved(row) ? "done" : ""),
    make("td", row.hand ? row.question || "up" : ""),
    actions(row),
  );
  return line;
}

// A row that has not changed stays the same element: a click on its button is not lost.
const drawn = new Map();
function drawRows(rows) {
  for (const row of rows) {
    const key = JSON.stringify(row), earlier = drawn.get(row.seat);
    if (earlier && earlier.key === key) continue;
    const line = drawRow(row);
    if (earlier) earlier.line.replaceWith(line);
    else get("rows").append(line);
    drawn.set(row.seat, { key, line });
  }
}

let listed = "";
function drawChoices(told) {
  if (listed === seatsOf(told.rows)) return;
  listed = seatsOf(told.rows);
  const chosen = push.seat.value;
  push.seat.replaceChildren(new Option("everybody", ""), ...told.rows.map((row) => new Option(`seat ${row.seat}`, row.seat)));
  push.seat.value = chosen;
  if (push.notebook.length === 1) for (const name of told.notebooks) push.notebook.add(new Option(name, name));
}

function draw(told) {
  get("summary").textContent = summary(told);
  if (projector) drawPlaces(told.rows);
  else drawRows(told.rows);
  const wrong = told.wrong.map((each) => make("li", `${each.seats} × “${each.choice}” to “${each.question}”`));
  get("wrong").replaceChildren(...(wrong.length ? wrong : [make("li", "none yet")]));
  drawChoices(told);
}

const told = new EventSource(`events?names=${projector ? "no" : "yes"}&_xsrf=${encodeURIComponent(cookie("_xsrf"))}`);
const LOST = "The board is out of reach. It comes back by itself.";
told.onmessage = (event) => {
  if (get("notice").textContent === LOST) say("");
  draw(JSON.parse(event.data));
};
told.onerror = () => say(LOST);

push.onsubmit = async (event) => {
  event.preventDefault();
  const to = push.seat.value ? `seat ${push.seat.value}` : "everybody";
  const sent = [push.notebook.value && `open ${push.notebook.value}`, push.text.value].filter(Boolean).join("; ");
  if (!sent) { say("Choose a notebook or write a hint first."); return; }
  const body = { seat: push.seat.value, notebook: push.notebook.value, text: push.text.value };
  if (await post("push", body, `Sent to ${to}: ${sent}`)) push.reset();
};
get("wipe").onclick = () => confirm("Forget every report and message of this room?") && post("wipe", {}, "The board is wiped.");
