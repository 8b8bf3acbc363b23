// The service this page came from.

const TOKEN = "emanate-token";

export function setToken(token) {
  if (token) sessionStorage.setItem(TOKEN, token);
  else sessionStorage.removeItem(TOKEN);
}

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, authorization: `Bearer ${token}` } : more;
}

/** Asks for `path`. Fails with the service's own sentence. */
async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: headers(options.headers) });
  if (response.ok) return response;
  let sentence = `${response.status} ${response.statusText}`;
  try {
    const problem = await response.json();
    sentence = problem.detail ?? problem.title ?? sentence;
  } catch {
    // What is no problem document has nothing more to say.
  }
  throw new Error(sentence);
}

export const metrics = async () => (await ask("/metrics")).text();
export const graphFacts = async () => (await ask("/v1/graph/info")).json();

export async function labels(prefix) {
  const query = new URLSearchParams({ prefix, limit: "12" });
  return (await (await ask(`/v1/nodes?${query}`)).json()).labels;
}

export async function spread(query, signal) {
  const options = {
    method: "POST",
    body: JSON.stringify(query),
    headers: { "content-type": "application/json" },
    signal,
  };
  return (await ask("/v1/spread", options)).json();
}

/** Calls `hear` with every event, for ever; `state` with whether there is a connection. */
export async function events(hear, state) {
  for (;;) {
    try {
      const response = await ask("/v1/events", { headers: { accept: "text/event-stream" } });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      state(true);
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
        const frames = rest.split("\n\n");
        rest = frames.pop();
        frames.forEach((frame) => told(frame, hear));
      }
    } catch {
      // Tried again below; the state says that nothing is heard.
    }
    state(false);
    await new Promise((wake) => setTimeout(wake, 3000));
  }
}

function told(frame, hear) {
  const fields = new Map();
  for (const line of frame.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).trimStart());
  }
  if (fields.has("data")) hear(fields.get("event") ?? "message", fields.get("data"));
}
