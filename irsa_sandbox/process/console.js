// The console: the views of the notebooks, fed by the sandbox as it works.

const LONGEST = 300;
const FACTS_MS = 500;
const CHANGES_MS = 2000;
const AGAIN_MS = 250; // a world that is made anew takes a second: its first hop is not to be missed
const FRAME_MS = 50; // what happens within it is drawn at once: a long history comes hop by hop

/** What a view shows and asks, as anywidget's model has it; `answer` takes what the view sends. */
class Model {
  constructor(state, answer = () => {}) {
    [this.state, this.answer, this.listeners] = [state, answer, new Map()];
  }

  get(name) { return this.state[name]; }

  set(name, value) {
    this.state[name] = value;
    for (const listener of this.listeners.get(`change:${name}`) ?? []) listener();
  }

  on(event, listener) { this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]); }

  off(event, listener) { this.listeners.set(event, this.listeners.get(event).filter((one) => one !== listener)); }

  send(message) { Promise.resolve(this.answer(this, message)).catch(complain); }
}

/** The page's parts come to life; `actors` says who takes part in a handshake. */
function start(actors) {
  const address = new URLSearchParams(location.search);
  const secret = address.get("token");
  history.replaceState(null, "", location.pathname); // not to be seen on a stage, nor kept
  const ask = asker(secret);
  const hops = new Model({ hops: [], actors });
  const tokens = new Model({ tokens: [], now: Date.now() / 1000 }, async (model, { namespace }) => {
    const told = await ask(`/clock?namespace=${encodeURIComponent(namespace)}`);
    model.set("now", Date.parse((await told.json()).now) / 1000);
  });
  const calls = callsModel(ask);
  const policy = trustModel(ask, () => hops.get("hops").findLast((hop) => hop.kind === "assume-role")?.detail);
  const course = courseModel(ask);
  // Only what is looked at is asked for: the sandbox has other work.
  const facts = {
    handshake: async () => {},
    token: async () => tokens.set("tokens", await (await ask("/tokens")).json()),
    "trust-policy": async () => policy.send({}),
    permissions: async () => calls.send({}),
    map: async () => course.send({}),
  };
  // Where one is does not change by a hop, and to look makes hops.
  const refresh = atMostEvery(FACTS_MS, async () => chosen() !== "map" && facts[chosen()]());
  const views = {
    handshake: [handshake, hops], token: [token, tokens], "trust-policy": [bench, policy],
    permissions: [permissions, calls], map: [map, course],
  };
  const chosen = tabs(views, (name) => facts[name]().catch(complain));
  switchable("dark", (on) => {
    document.documentElement.style.colorScheme = on ? "dark" : "light";
    document.body.classList.toggle("irsa-dark", on);
  }, matchMedia("(prefers-color-scheme: dark)").matches);
  switchable("large", (on) => document.body.classList.toggle("irsa-large", on), address.has("projector"));
  follow(ask, (seen) => { hops.set("hops", seen); refresh(); });
  whenChanged(ask, () => chosen() === "trust-policy", refresh);
}

/** Asks by POST; an answer that comes after a later one is null. */
function inOrder(ask, path) {
  let [asked, answered] = [0, 0];
  return async (question) => {
    const number = ++asked;
    const answer = await (await ask(path, { method: "POST", body: JSON.stringify(question) })).json();
    if (number < answered) return null;
    answered = number;
    return answer;
  };
}

/** The calls of a role against a policy: that of the editor, or the least one until somebody types. */
function callsModel(ask) {
  let typed = null;
  const judge = inOrder(ask, "/permissions");
  const seen = { roles: [], role: "", policy: "", verdict: { calls: [], grants: [], findings: [], diff: [] }, said: "", applies: false };
  return new Model(seen, async (model, message) => {
    if ("role" in message) typed = null;
    else if ("policy" in message) typed = message.policy;
    const answer = await judge({ role: message.role ?? model.get("role"), policy: typed });
    if (!answer) return;
    model.set("roles", answer.roles);
    model.set("role", answer.role);
    if (typed == null) model.set("policy", answer.policy);
    model.set("verdict", { findings: [], diff: [], ...answer.verdict });
  });
}

/** A role's trust policy before a token: those of the `latest` handshake until somebody chooses or types. */
function trustModel(ask, latest) {
  let [text, typed, wanted] = [null, "", null]; // text: null while it is IAM's own
  const judge = inOrder(ask, "/trust");
  const nothing = { error: null, diff: [], lines: [], who: [], findings: [], admitted: false, why: "" };
  const seen = { roles: null, accounts: null, role: "…", account: "…", policy: "", claims: {}, withheld: [], said: "", verdict: nothing };
  const suggested = () => {
    const { role_arn: role = "", namespace, service_account: account } = latest() ?? {};
    return { role: role.split("/").at(-1), account: account ? `${namespace}/${account}` : "" };
  };
  return new Model(seen, async (model, message) => {
    const { role, account } = { role: model.get("role"), account: model.get("account") };
    if ("role" in message) [wanted, text] = [{ role: message.role, account: "" }, null];
    if ("account" in message) wanted = { role, account: message.account };
    if ("policy" in message) [wanted, text, typed] = [{ role, account }, message.policy, message.typed];
    if (text === model.get("policy")) text = null;
    const answer = await judge({
      ...(wanted ?? suggested()), policy: text ?? (message.apply ? message.policy : null), typed,
      apply: Boolean(message.apply), again: !("policy" in message),
    });
    if (!answer) return;
    if (answer.error) {
      model.set("verdict", { ...nothing, error: answer.error });
      return;
    }
    if (wanted) wanted = { role: answer.role, account: answer.account };
    if (text === answer.policy) text = null; // it was applied
    for (const name of ["roles", "accounts", "role", "account", "claims", "withheld", "said"]) model.set(name, answer[name]);
    if (text == null) model.set("policy", answer.policy);
    model.set("verdict", { ...nothing, ...answer.verdict });
  });
}

/** Where the learner is; looked at when it is opened, and on demand. */
function courseModel(ask) {
  return new Model({ course: null, said: "", again: true }, async (model) => {
    const answer = await (await ask("/map")).json();
    model.state.said = answer.error;
    model.set("course", answer.error ? null : answer);
  });
}

/** Calls `act` when AWS or the cluster has changed, while `looking` says that somebody looks. */
function whenChanged(ask, looking, act) {
  let before = "";
  const look = async () => {
    const now = String((await (await ask("/status")).json()).changes);
    if (before && now !== before) act();
    before = now;
  };
  setInterval(() => { if (looking() && !document.hidden) look().catch(complain); }, CHANGES_MS);
}

/** Asks the sandbox; what goes wrong is said at the head of the page. */
function asker(secret) {
  return async (path, options = {}) => {
    const answer = await fetch(path, { ...options, headers: { Authorization: `Bearer ${secret}` } });
    if (!answer.ok) throw new Error(`the sandbox answers ${answer.status}: open the page with irsa-lab console`);
    return answer;
  };
}

const say = (text) => { document.getElementById("state").textContent = text; };
const complain = (error) => say(String(error.message ?? error));

/** A function that does `act` once for all calls of a while, after it. */
function atMostEvery(milliseconds, act) {
  let timer = null;
  return () => { timer ??= setTimeout(() => { timer = null; act().catch(complain); }, milliseconds); };
}

/** A button for each view, which shows that view alone; returns a function that names the one that is shown. */
function tabs(views, opened) {
  let shown = null;
  const buttons = Object.entries(views).map(([name, [render, model]]) => {
    render({ model, el: document.getElementById(name) });
    return element("button", { "aria-controls": name, onclick: () => open(name) }, name.replace("-", " "));
  });
  const open = (name) => {
    shown = name;
    for (const button of buttons) {
      const controls = button.getAttribute("aria-controls");
      button.setAttribute("aria-pressed", controls === name);
      document.getElementById(controls).hidden = controls !== name;
    }
    opened(name);
  };
  document.getElementById("views").append(...buttons);
  open(Object.keys(views)[0]);
  return () => shown;
}

function switchable(id, act, begun) {
  const button = document.getElementById(id);
  const set = (on) => { button.setAttribute("aria-pressed", on); act(on); };
  button.addEventListener("click", () => set(button.getAttribute("aria-pressed") !== "true"));
  set(begun);
}

/**
 * Each hop of the stream goes to `show`, with those before it. A sandbox that is gone is looked for again, and then
 * tells of all its hops: it may be a new world, which counts from one.
 */
async function follow(ask, show) {
  let hops = [];
  let timer = null;
  let drawn = 0;
  const draw = () => { [timer, drawn] = [null, performance.now()]; show(hops); };
  const soon = () => { timer ??= setTimeout(draw, Math.max(0, drawn + FRAME_MS - performance.now())); };
  for (;;) {
    try {
      const answer = await ask("/trace/stream");
      say("live");
      hops = [];
      soon();
      for await (const hop of events(answer.body)) {
        hops = [...hops, hop].slice(-LONGEST);
        soon();
      }
      say("the sandbox has stopped");
    } catch (error) {
      complain(error);
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

/** The data of a stream of server-sent events. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part.slice("data: ".length));
  }
}
