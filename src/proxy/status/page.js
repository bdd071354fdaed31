// SPDX-License-Identifier: Apache-2.0
// The status page: shows what /-/events sends once a second, and browses the operations.
"use strict";

const SILENCE_MAX = 5000; // ms; the status comes once a second
const HISTORY = 300; // seconds in the charts
const SHOWN_MAX = 50; // operations in the list
const ANSWER_MAX = 100000; // characters of an answer

const byId = id => document.getElementById(id);

// All text comes from elsewhere: it is only ever set as text.
function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text; // a screen reader reads what changes
}

// ---- numbers and times in words

function duration(ms) {
  const s = Math.round(ms / 1000);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let i = 0;
  for (; count >= 1024 && i < units.length - 1; i++) count /= 1024;
  return `${i ? count.toFixed(1) : count} ${units[i]}`;
}

function clock(iso) {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : time.toLocaleString();
}

function few(number) {
  return number >= 100 ? number.toFixed(0) : Number(number.toPrecision(2)).toString();
}

// ---- state

const STATES = {
  starting: ["…", "Starting"],
  ready: ["✓", "Ready"],
  limited: ["!", "Rate limited"],
  unreachable: ["✗", "The server cannot be reached"],
  failing: ["✗", "The server fails"],
  refused: ["✗", "The credential is refused"],
  unknown: ["?", "No connection to tbproxyd"],
};

function showState(status) {
  const server = status.server, [mark, name] = STATES[server.state] || ["?", server.state];
  byId("state").dataset.state = server.state;
  setText("state-mark", mark);
  setText("state-name", status.draining ? "Stopping" : name);
  setText("state-since", `for ${duration(server.for_ms)}${server.since ? `, since ${clock(server.since)}` : ""}`);
  setText("cause", server.cause || "");
  setText("remedy", server.remedy || "");
  setText("next-try", server.next_try_ms > 0 ? `next try in ${duration(server.next_try_ms)}` : "");
  document.title = `${name} – tbproxyd`;
}

function showList(id, rows) {
  const list = byId(id);
  list.replaceChildren(...rows.filter(([, value]) => value !== null && value !== undefined && value !== "").flatMap(
    ([name, value]) => [element("dt", name), element("dd", String(value))]));
}

function showServer(status) {
  const { server } = status, others = status.servers.filter(one => !one.in_use);
  showList("server", [
    ["URL", server.url],
    ["version", [server.edition, server.version].filter(Boolean).join(" ")],
    ["last failure", server.last_failure && `${clock(server.last_failure.at)}: ${server.last_failure.cause}`],
    ...others.map(one => [one.healthy ? "in reserve" : "not usable", one.url]),
    ["tbproxyd runs", `for ${duration(status.uptime_ms)}, process ${status.pid}`],
  ]);
  setText("version", status.version);
}

function showSession({ session }) {
  const methods = { "password": "user name and password", "token": "token", "api-key": "API key" };
  showList("session", [
    ["state", session.state],
    ["user", session.user],
    ["by", methods[session.method] || session.method],
    ["expires", session.expires_in_ms === null ? null : `in ${duration(session.expires_in_ms)}`],
    ["renews", session.renews_in_ms === null ? null : `in ${duration(session.renews_in_ms)}`],
    ["reason", session.reason],
  ]);
}

// ---- charts: each status has totals; the difference of two is what happened in a second

const history = [];
let last = null;

function remember(status) {
  const { traffic } = status, now = performance.now();
  if (last && status.started === last.started && traffic) {
    const seconds = Math.max((now - last.now) / 1000, 0.1);
    const sum = classes => Object.values(classes).reduce((all, one) => all + one, 0);
    const failed = classes => classes["5xx"] + classes["4xx"];
    const mean = (name) => {
      const count = traffic[name].count - last.traffic[name].count;
      return count > 0 ? (traffic[name].sum_us - last.traffic[name].sum_us) / count / 1000 : null;
    };
    history.push({
      rate: (sum(traffic.responses) - sum(last.traffic.responses)) / seconds,
      failed: (failed(traffic.responses) - failed(last.traffic.responses)) / seconds,
      latency: mean("upstream"),
      queue: mean("queue"),
    });
    if (history.length > HISTORY) history.shift();
  }
  last = traffic ? { now, traffic, started: status.started } : null;
}

function path(values, max) {
  let drawing = "", pen = "M";
  values.forEach((value, i) => {
    if (value === null) {
      pen = "M";
      return;
    }
    drawing += `${pen}${(HISTORY - values.length + i).toFixed(1)} ${(78 - 76 * value / max).toFixed(1)}`;
    pen = "L";
  });
  return drawing;
}

function draw(id, series, max) {
  const chart = byId(id);
  for (const [name, values] of Object.entries(series)) {
    let line = chart.querySelector(`.${name}`);
    if (!line) {
      line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("class", name);
      chart.append(line);
    }
    line.setAttribute("d", path(values, max));
  }
}

function showCharts() {
  if (!history.length) return;
  const now = history[history.length - 1];
  const most = name => Math.max(...history.map(one => one[name] || 0));
  const rates = Math.max(most("rate"), 1), latencies = Math.max(most("latency"), 1);
  draw("rate-chart", { all: history.map(one => one.rate), failed: history.map(one => one.failed) }, rates);
  draw("latency-chart", { all: history.map(one => one.latency) }, latencies);
  setText("rate-now", few(now.rate));
  setText("rate-failed", now.failed > 0 ? `${few(now.failed)} failed` : "none failed");
  setText("rate-max", `at most ${few(rates)}`);
  setText("latency-now", now.latency === null ? "–" : `${few(now.latency)} ms`);
  setText("latency-queue", now.queue > 0 ? `after ${few(now.queue)} ms in the queue` : "");
  setText("latency-max", `at most ${few(latencies)} ms`);
  byId("rate-chart").setAttribute("aria-label", `Requests a second: now ${few(now.rate)}, at most ${few(rates)}`);
  byId("latency-chart").setAttribute("aria-label", `Mean latency: now ${now.latency === null ? "no calls" :
    `${few(now.latency)} ms`}, at most ${few(latencies)} ms`);
}

// ---- queue, budget, failures

function rows(id, table) {
  byId(id).replaceChildren(...table.map(cells => {
    const row = element("tr");
    row.append(...cells.map((cell, i) => element(i ? "td" : "th", String(cell), i ? {} : { scope: "row" })));
    return row;
  }));
}

function showQueue({ queue }) {
  setText("queue", queue.requests === 0 ? "Nothing waits." :
    `${queue.requests} of at most ${queue.max_requests} wait (${bytes(queue.bytes)}), the oldest for ${duration(queue.oldest_ms)}.`);
  rows("clients", queue.clients.map(one =>
    [one.client, one.requests, one.in_flight, one.connections, one.streams, bytes(one.body_bytes)]));
}

function showBudget({ limits }) {
  const words = [];
  if (limits.limit) words.push(`${limits.source === "auto" ? "The server's limit" : "The limit"}: ${limits.limit}.`);
  else words.push("No limit is known.");
  if (limits.pace !== null) words.push(`Learned pace: ${few(limits.pace)} a second.`);
  if (limits.closed_for_ms > 0) words.push(`Closed for ${duration(limits.closed_for_ms)} after a refusal.`);
  words.push(`${limits.in_flight} of at most ${limits.max_in_flight} calls are at the server.`);
  setText("budget", words.join(" "));
  byId("buckets").replaceChildren(...limits.buckets.flatMap(bucket => {
    const text = `${Math.floor(bucket.tokens)} of ${bucket.capacity} calls are left in ${duration(bucket.seconds * 1000)}`;
    return [element("p", text), element("meter", text,
      { min: 0, max: bucket.capacity, value: Math.max(bucket.tokens, 0), low: bucket.capacity / 5, "aria-label": text })];
  }));
}

function showSpool({ spool }) {
  byId("spool").hidden = !spool;
  if (!spool) return;
  setText("spool-rows", !spool.open ? `It cannot be used (mode ${spool.mode}).` :
    spool.rows === 0 ? `Nothing waits (mode ${spool.mode}).` :
    `${spool.rows} rows wait (${bytes(spool.bytes)}), the oldest for ${duration(spool.oldest_ms)}. One user may have ${
      spool.max_rows} rows and ${bytes(spool.max_bytes)}.`);
  setText("spool-rate", `${few(spool.stored_per_s)} a second are stored, ${few(spool.delivered_per_s)} delivered${
    spool.rows > 0 && spool.left_ms !== null ? `: empty in ${duration(spool.left_ms)}` : ""}. ${
    bytes(spool.disk_bytes)} on the disk.`);
  setText("spool-trouble", [spool.aside > 0 && `${spool.aside} rows are set aside`, spool.cause, spool.remedy].filter(Boolean).join("; "));
}

function showFailures({ failures }) {
  byId("no-failures").hidden = failures.length > 0;
  byId("failures-scroll").hidden = failures.length === 0;
  rows("failures", failures.map(one =>
    [clock(one.at), one.count, one.status, one.operation || "–", one.client, one.reason]));
}

function show(status) {
  showState(status);
  showServer(status);
  showSession(status);
  remember(status);
  showCharts();
  showQueue(status);
  showBudget(status);
  showSpool(status);
  showFailures(status);
}

let events = null, opened = 0, heard = performance.now();

function lost() {
  setText("connection", "No connection");
  showState({ server: { state: "unknown", for_ms: performance.now() - heard } });
}

function listen() {
  if (events) events.close();
  events = new EventSource("/-/events");
  opened = performance.now();
  events.addEventListener("status", event => {
    heard = performance.now();
    setText("connection", "Live");
    show(JSON.parse(event.data));
  });
  events.onerror = lost;
}

// A browser gives a stream up for good after an answer that is none, and waits for ever on a connection that is silent.
function watch() {
  const now = performance.now();
  if (now - heard < SILENCE_MAX) return;
  lost();
  if (now - opened >= SILENCE_MAX) listen();
}

// ---- operations

let api = null, loading = null;

function load() {
  loading ??= fetchOperations().catch(error => {
    loading = null;
    throw error;
  });
  return loading;
}

async function fetchOperations() {
  const answer = await fetch("/operations.json");
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  api = await answer.json();
  for (const one of api.operations) one.haystack = [one.id, one.path, one.tag, one.text].join(" ").toLowerCase();
}

function search() {
  const words = byId("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = api.operations.filter(one => words.every(word => one.haystack.includes(word)));
  const more = found.length > SHOWN_MAX ? `; the first ${SHOWN_MAX} are shown` : "";
  setText("found", `${found.length} of ${api.operations.length} operations${more}`);
  byId("list").replaceChildren(...found.slice(0, SHOWN_MAX).map(one => {
    const button = element("button", undefined, { type: "button", "data-id": one.id });
    button.append(element("span", one.id), " ", element("code", one.method));
    button.addEventListener("click", () => choose(one, button));
    const item = element("li");
    item.append(button);
    return item;
  }));
}

function choose(operation, button) {
  for (const other of document.querySelectorAll("#list [aria-current]")) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  showOperation(operation);
}

function input(parameter) {
  const label = element("label"), id = `parameter-${parameter.name}`;
  const facts = [parameter.type, parameter.required ? "required" : ""].filter(Boolean).join(", ");
  label.setAttribute("for", id);
  label.append(`${parameter.name} `, element("small", facts));
  let field;
  if (parameter.values) {
    field = element("select");
    field.append(...(parameter.required ? [] : [element("option", "", { value: "" })]),
      ...parameter.values.map(value => element("option", value)));
  } else {
    field = element("input", undefined, { type: "text", autocomplete: "off" });
  }
  field.id = id;
  field.name = parameter.name;
  if (parameter.required) field.required = true;
  if (parameter.name === "pageSize") field.value = "10";
  if (parameter.name === "page") field.value = "0";
  const whole = [label, field];
  if (parameter.text) {
    const text = element("small", parameter.text, { id: `${id}-text` });
    field.setAttribute("aria-describedby", text.id);
    whole.push(text);
  }
  const group = element("div");
  group.append(...whole);
  return group;
}

// The target of OPERATION with what is in FORM.
function target(operation, form) {
  const query = new URLSearchParams();
  let path = operation.path;
  for (const parameter of operation.parameters) {
    const { value } = form.elements[parameter.name];
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === "query" && value !== "") query.append(parameter.name, value);
  }
  return path + (query.size ? `?${query}` : "");
}

async function send(operation, form, output) {
  const begin = performance.now();
  output.replaceChildren(element("p", "Waiting …"));
  try {
    const answer = await fetch(target(operation, form));
    let text = await answer.text();
    try {
      text = JSON.stringify(JSON.parse(text), null, 2);
    } catch { /* not JSON: as it is */ }
    const cut = text.length > ANSWER_MAX ? `, the first ${ANSWER_MAX} characters` : "";
    output.replaceChildren(
      element("p", `Status ${answer.status} after ${duration(performance.now() - begin)}${cut}`),
      element("pre", text.slice(0, ANSWER_MAX), { tabindex: "0", role: "region", "aria-label": "Answer" }));
  } catch (error) {
    output.replaceChildren(element("p", `No answer: ${error.message}`));
  }
}

function schemaOf(name) {
  const members = api.schemas[name];
  if (!members) return [];
  const details = element("details"), list = element("dl");
  details.append(element("summary", name), list);
  for (const [member, type] of Object.entries(members)) list.append(element("dt", member), element("dd", type));
  return [details];
}

function showOperation(operation) {
  const parts = [element("h3", operation.id)];
  const line = element("p");
  line.append(element("code", `${operation.method} ${operation.path}`));
  parts.push(line);
  if (operation.text) parts.push(element("p", operation.text));
  parts.push(element("p", `${operation.tag}; in ${operation.in.join(", ")}`));
  if (operation.body) parts.push(element("p", `Body: ${operation.body}`), ...schemaOf(operation.body));
  if (operation.answer) parts.push(element("p", `Answer: ${operation.answer}`), ...schemaOf(operation.answer.replace(/^list of /, "")));
  const form = element("form"), output = element("div", undefined, { role: "status" });
  form.append(...operation.parameters.filter(one => one.in !== "header").map(input));
  if (operation.method === "GET") {
    form.append(element("button", "Send", { type: "submit" }));
  } else {
    form.append(element("p", "This page sends reads only. With curl or tbproxyctl, through tbproxyd's own port, it can be sent."));
  }
  form.addEventListener("submit", event => {
    event.preventDefault();
    if (operation.method === "GET") send(operation, form, output);
  });
  byId("operation").replaceChildren(...parts, form, output);
}

function browse() {
  const begin = () => load().then(search, error => setText("found", `The operations cannot be loaded: ${error.message}`));
  byId("words").addEventListener("focus", begin, { once: true });
  byId("words").addEventListener("input", begin);
  byId("search").addEventListener("submit", event => {
    event.preventDefault();
    begin();
  });
}

listen();
setInterval(watch, 1000);
browse();
