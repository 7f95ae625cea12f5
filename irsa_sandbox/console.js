// The console: the handshake view, fed by the trace as it happens.

const LONGEST = 300;
const FRAME_MS = 50; // what happens within it is drawn at once: a long history comes hop by hop

/** The page's parts come to life; `actors` says who takes part in a handshake. */
function start(actors) {
  const token = new URLSearchParams(location.search).get("token");
  history.replaceState(null, "", location.pathname); // not to be seen on a stage, nor kept
  const view = show(document.getElementById("view"), actors);
  switchable("dark", (on) => {
    document.documentElement.style.colorScheme = on ? "dark" : "light";
    document.body.classList.toggle("irsa-dark", on);
  }, matchMedia("(prefers-color-scheme: dark)").matches);
  switchable("large", (on) => document.body.classList.toggle("irsa-large", on), false);
  follow(token, view);
}

function switchable(id, act, begun) {
  const button = document.getElementById(id);
  const set = (on) => { button.setAttribute("aria-pressed", on); act(on); };
  button.addEventListener("click", () => set(button.getAttribute("aria-pressed") !== "true"));
  set(begun);
}

/** Each hop of the stream goes into the view; a sandbox that is gone is looked for again. */
async function follow(token, view) {
  const state = document.getElementById("state");
  let hops = [];
  let timer = null;
  const draw = () => { timer = null; view.update(hops); };
  for (;;) {
    try {
      const since = hops.at(-1)?.seq ?? 0;
      const answer = await fetch(`/trace/stream?since=${since}`, { headers: { Authorization: `Bearer ${token}` } });
      if (!answer.ok) throw new Error(`the sandbox answers ${answer.status}: open the page with irsa-lab console`);
      state.textContent = "live";
      for await (const hop of events(answer.body)) {
        hops = [...(hop.seq <= (hops.at(-1)?.seq ?? 0) ? [] : hops), hop].slice(-LONGEST);
        timer ??= setTimeout(draw, FRAME_MS);
      }
      state.textContent = "the sandbox has stopped";
    } catch (error) {
      state.textContent = String(error.message ?? error);
    }
    await new Promise((done) => setTimeout(done, 1000));
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
