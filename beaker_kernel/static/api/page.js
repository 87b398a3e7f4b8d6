// Shows the OpenAPI document of this server, and tries its operations. It asks no other host.

const JSON_TYPE = "application/json";
const EVENTS = "text/event-stream";
const notice = document.getElementById("notice");
const operations = document.getElementById("operations");
let token = "";

document.getElementById("credentials").addEventListener("submit", async (event) => {
  event.preventDefault();
  token = document.getElementById("token").value;
  const answer = await fetch("openapi.json", { headers: authorized() });
  notice.textContent = answer.ok ? "" : `The server refuses this token (${answer.status}).`;
  operations.replaceChildren();
  if (answer.ok) show(await answer.json());
});

function authorized() {
  return { Authorization: `Bearer ${token}` };
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function show(api) {
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      operations.append(described(api, path, method.toUpperCase(), operation));
    }
  }
}

function described(api, path, method, operation) {
  const form = element("form", { className: "operation" });
  form.append(element("p", { textContent: operation.description }));
  const inputs = operation.parameters.map((parameter) => {
    const input = element("input", { name: parameter.name, required: parameter.required ?? false });
    form.append(element("label", {}, `${parameter.name} (${parameter.in})`, " ", input));
    return [parameter, input];
  });
  const types = Object.keys(operation.requestBody?.content ?? {});
  const body = types.includes(JSON_TYPE) ? element("textarea", { spellcheck: false }) : null;
  const file = types.length > 0 && body === null ? element("input", { type: "file" }) : null;
  if (body) {
    body.value = JSON.stringify(example(api, operation.requestBody.content[JSON_TYPE].schema), null, 2);
    form.append(element("label", {}, "body", body));
  }
  if (file) form.append(element("label", {}, "file ", file));
  const streams = Object.values(operation.responses).some((r) => r.content?.[EVENTS]);
  const live = element("input", { type: "checkbox" });
  const row = element("div", { className: "row" }, element("button", { textContent: "Try it" }));
  if (streams) row.append(element("label", {}, live, " as events"));
  const output = element("pre", { hidden: true, tabIndex: 0 });
  form.append(row, output);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const url = address(path, inputs);
    const sent = content(types[0], body, file);
    const headers = { ...authorized(), ...sent.headers, ...(live.checked ? { Accept: EVENTS } : {}) };
    run(url, { method, headers, body: sent.body }, output);
  });
  const title = element("span", { className: "method", textContent: method });
  const heading = element("summary", {}, title, element("code", { textContent: path }), operation.summary);
  return element("details", {}, heading, form);
}

function address(path, inputs) {
  const query = new URLSearchParams();
  let filled = path;
  for (const [parameter, input] of inputs) {
    if (parameter.in === "path") {
      const parts = input.value.split("/").map(encodeURIComponent);
      filled = filled.replace(`{${parameter.name}}`, parts.join("/"));
    } else if (input.value) {
      query.set(parameter.name, input.value);
    }
  }
  return `${filled.slice(1)}${query.size ? `?${query}` : ""}`;
}

function content(type, body, file) {
  if (body) return { headers: { "Content-Type": JSON_TYPE }, body: body.value };
  if (!file?.files.length) return { headers: {} };
  if (type !== "multipart/form-data") return { headers: { "Content-Type": type }, body: file.files[0] };
  const form = new FormData();
  form.append("file", file.files[0]);
  return { headers: {}, body: form };
}

async function run(url, request, output) {
  output.hidden = false;
  output.textContent = "…";
  try {
    const answer = await fetch(url, request);
    output.textContent = `${answer.status} ${answer.statusText}\n\n`;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const isJson = answer.headers.get("Content-Type")?.startsWith(JSON_TYPE);
    let whole = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      whole += part.value;
      if (!isJson) output.append(part.value);
    }
    if (isJson && whole) output.append(JSON.stringify(JSON.parse(whole), null, 2));
  } catch (error) {
    output.textContent = `The server can't be reached: ${error.message}`;
  }
}

function example(api, schema) {
  const found = schema.$ref ? api.components.schemas[schema.$ref.split("/").at(-1)] : schema;
  const required = Object.entries(found.properties).filter(([name]) => found.required?.includes(name));
  return Object.fromEntries(required.map(([name]) => [name, name === "code" ? "6 * 7" : ""]));
}
