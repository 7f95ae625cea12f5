// A learner's own page: what the board has of them, their hand, and what the instructor says.
const get = (id) => document.getElementById(id);
const { hand } = document.forms;
let shares = false;

const cookie = (name) => {
  const entry = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  return entry ? entry.slice(name.length + 1) : "";
};

function make(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

async function ask(options) {
  const headers = { "X-XSRFToken": cookie("_xsrf"), "Content-Type": "application/json" };
  try {
    const answer = await fetch("mine", { headers, ...options });
    if (!answer.ok) throw new Error(answer.statusText);
    get("notice").textContent = "";
    return answer;
  } catch {
    get("notice").textContent = "The board is out of reach. This page tries again every few seconds.";
    return null;
  }
}

async function post(body) {
  if (await ask({ method: "POST", body: JSON.stringify(body) })) show();
}

function told(report) {
  const { kind, facts } = report;
  if (kind === "cell") return `I ran cell ${facts.cell} of ${facts.of} of ${facts.notebook}.`;
  if (kind === "answer") return `I answered “${facts.choice}” to “${facts.question}”: ${facts.right ? "right" : "wrong"}.`;
  if (kind === "lab") return `I have reached ${facts.reached} of ${facts.of} goals of lab ${facts.lab}.`;
  if (kind === "hand") return facts.up ? `I raised my hand${facts.question ? `: “${facts.question}”` : "."}` : "I lowered my hand.";
  return `I showed my handshakes: ${facts.hops.map((hop) => `${hop.source} → ${hop.target}: ${hop.summary}`).join("; ")}`;
}

function line(report) {
  const row = document.createElement("tr");
  row.append(make("td", new Date(report.at * 1000).toLocaleTimeString()), make("td", told(report)));
  return row;
}

function message(sent) {
  const item = make("li", `${sent.text} `);
  if (sent.link) {
    const link = make("a", "open it");
    link.href = sent.link;
    item.append(link);
  }
  return item;
}

function drawHand(reports) {
  const last = reports.findLast((report) => report.kind === "hand");
  get("state").textContent = !shares ? "" : last && last.facts.up ? "Your hand is up." : "Your hand is down.";
  for (const control of hand.elements) control.disabled = !shares;
}

async function show() {
  const answer = await ask({});
  if (!answer) return;
  const mine = await answer.json();
  shares = mine.shares;
  get("seat").textContent = mine.seat;
  get("shares").textContent = shares
    ? "You said yes: your instructor sees what is listed here, and nothing else."
    : "You said no: nothing of you is kept, and your hand cannot be seen.";
  get("change").textContent = shares ? "Stop, and forget all of it" : "Let my instructor see how far I am";
  drawHand(mine.reports);
  get("reports").replaceChildren(...mine.reports.toReversed().map(line));
  const sent = mine.messages.toReversed().map(message);
  get("messages").replaceChildren(...(sent.length ? sent : [make("li", "nothing yet")]));
}

get("change").onclick = () => post({ shares: !shares });
hand.onsubmit = (event) => { event.preventDefault(); post({ hand: true, question: hand.question.value }); };
get("down").onclick = () => post({ hand: false });
show();
setInterval(show, 10000);
