// The service this page came from.

const TOKEN = "emanate-token";
/** The graph that routes without a name mean. */
export const DEFAULT_GRAPH = "default";
/** Longest wait for figures; a service that is gone without a word is noticed by this. */
const FIGURES_MS = 5000;
/** Between two attempts to listen to events. */
const AGAIN_MS = 3000;
/** Events remembered, so that none is told twice; more than a service usually keeps. */
const HEARD = 10_000;

export function setToken(token) {
  if (token) sessionStorage.setItem(TOKEN, token);
  else sessionStorage.removeItem(TOKEN);
}

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, authorization: `Bearer ${token}` } : more;
}

async function reach(path, options) {
  try {
    return await fetch(path, { ...options, headers: headers(options.headers) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the service does not answer", { cause: error });
  }
}

/** Asks for `path`. Fails with the service's own sentence, and `status` where there is one. */
async function ask(path, options = {}) {
  const response = await reach(path, options);
  if (response.ok) return response;
  let sentence = `${response.status} ${response.statusText}`;
  try {
    const problem = await response.json();
    sentence = problem.detail ?? problem.title ?? sentence;
  } catch {
    // What is no problem document has nothing more to say.
  }
  throw Object.assign(new Error(sentence), { status: response.status });
}

export const metrics = async () =>
  (await ask("/metrics", { signal: AbortSignal.timeout(FIGURES_MS) })).text();
/** Every graph that is served, with its name and size. */
export const graphs = async () => (await (await ask("/v1/graphs")).json()).graphs;

/** The path of a route of `graph`: of the one that has no name, where that is meant. */
const of = (graph, route) =>
  graph === DEFAULT_GRAPH ? `/v1/${route}` : `/v1/graphs/${encodeURIComponent(graph)}/${route}`;

export async function labels(graph, prefix, signal) {
  const query = new URLSearchParams({ prefix, limit: "12" });
  return (await (await ask(`${of(graph, "nodes")}?${query}`, { signal })).json()).labels;
}

export async function spread(graph, query, signal) {
  const options = {
    method: "POST",
    body: JSON.stringify(query),
    headers: { "content-type": "application/json" },
    signal,
  };
  return (await ask(of(graph, "spread"), options)).json();
}

/**
 * Calls `hear` with every event, for ever. Those that the service keeps come first; of those heard
 * before, none comes twice, also where the service was started again and counts from 1.
 */
export async function events(hear) {
  const heard = new Set();
  const once = (id, kind, data) => {
    const event = `${id} ${data}`;
    if (heard.has(event)) return;
    heard.add(event);
    if (heard.size > HEARD) heard.delete(heard.values().next().value);
    hear(kind, JSON.parse(data));
  };
  for (;;) {
    try {
      await listen(once);
    } catch {
      // Tried again below; that there is no service is said where figures are asked for.
    }
    await new Promise((wake) => setTimeout(wake, AGAIN_MS));
  }
}

async function listen(hear) {
  const wanted = { accept: "text/event-stream", "last-event-id": "0" };
  const response = await ask("/v1/events", { headers: wanted });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const frames = rest.split("\n\n");
    rest = frames.pop();
    frames.forEach((frame) => told(frame, hear));
  }
}

function told(frame, hear) {
  const fields = new Map();
  for (const line of frame.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).trimStart());
  }
  if (fields.has("data")) hear(fields.get("id"), fields.get("event"), fields.get("data"));
}
