// A CouchDB-compatible server in memory, for tests: node peer.js PORT FOLDER [NAME PASSWORD]
//
// express-pouchdb with what it lacks: `/` and `/_up`, the rule for database names, and a `_changes`
// feed that says 404, waits, and lets go when its reader does. With a name and a password it
// refuses everybody but that administrator and the users in `_users`. Nothing is ever synced to a
// disk: never a place for anybody's bookings.
"use strict";

const fs = require("fs");
const path = require("path");
const express = require("express");
const expressPouchDB = require("express-pouchdb");
const Core = require("pouchdb-core");

const [, , port, folder, name, password] = process.argv;
const CONFIG = path.join(folder, "config.json");
const DATABASE_NAME = /^(_users|_replicator|[a-z][a-z0-9_$()+/-]*)$/;

fs.mkdirSync(folder, { recursive: true });
if (name) {
  const config = { admins: { [name]: password }, couch_httpd_auth: { require_valid_user: true } };
  fs.writeFileSync(CONFIG, JSON.stringify(config));
}
process.on("unhandledRejection", (error) => console.error("rejection:", error));

for (const plugin of ["adapter-memory", "adapter-http", "mapreduce", "replication"]) {
  Core.plugin(require(`pouchdb-${plugin}`));
}
replace("changes", (app) => app.all("/:db/_changes", express.json(), feed));
// Its own refusal of strangers who make a database never answers.
replace("db", (app, own) => {
  app.put("/:db", onlyAdmin);
  own(app);
});
// Its own check of `_security` stands behind the routes that would have to obey it.
replace("bulk-docs", (app, own) => {
  app.use("/:db", guard);
  own(app);
});
const PouchDB = Core.defaults({ prefix: path.resolve(folder) + "/" });
const couch = expressPouchDB(PouchDB, {
  configPath: CONFIG,
  logPath: path.join(folder, "log.txt"),
  overrideMode: { exclude: ["routes/fauxton", "disk-size"] },
});
const app = express();

app.get("/", (request, response) => {
  response.json({ couchdb: "Welcome", version: "3.0.0-peer", vendor: { name: "express-pouchdb" } });
});
app.get("/_up", (request, response) => response.json({ status: "ok" }));
app.put("/:db", (request, response, next) => {
  if (DATABASE_NAME.test(request.params.db)) return next();
  return refuse(response, 400, "illegal_database_name", "a bad name");
});
app.use((request, response, next) => {
  const { accept } = request.headers;
  if (!accept || accept === "*/*") request.headers.accept = "application/json";
  // A compressed feed would hold its first line back.
  if (/\/_changes(\?|$)/.test(request.url)) delete request.headers["accept-encoding"];
  next();
});
app.use("/", couch);

// Put another route where express-pouchdb loads its own, so that what stands before it still does.
function replace(route, install) {
  const file = require.resolve(`express-pouchdb/lib/routes/${route}`);
  const own = require(file);
  require.cache[file].exports = (app) => install(app, own);
}

function refuse(response, status, error, reason) {
  return response.status(status).json({ error, reason });
}

function onlyAdmin(request, response, next) {
  if (request.couchSession.userCtx.roles.includes("_admin")) return next();
  return refuse(response, 401, "unauthorized", "You are not a server admin.");
}

async function guard(request, response, next) {
  const { userCtx } = request.couchSession || {};
  if (!name || !request.db || userCtx.roles.includes("_admin")) return next();
  if (!userCtx.name) return refuse(response, 401, "unauthorized", "Name or password is incorrect.");
  const security = (await request.db.getSecurity()) || {};
  const members = security.members || {};
  const isMember = (members.names || []).includes(userCtx.name)
    || (members.roles || []).some((role) => userCtx.roles.includes(role));
  if (isMember) return next();
  return refuse(response, 403, "forbidden", "You are not allowed to access this db.");
}

function optionsOf(query) {
  const since = query.since === "now" ? "now" : Number(query.since || 0);
  const options = { since, style: query.style, include_docs: query.include_docs === true };
  if (query.limit) options.limit = Math.max(1, Number(query.limit));
  return options;
}

async function feed(request, response) {
  const { userCtx } = request.couchSession || {};
  const options = { ...optionsOf(request.query), userCtx };
  const found = await request.db.changes(options);
  const { results, last_seq: last } = found;
  if (results.length || request.query.feed !== "longpoll") {
    return response.json({ results, last_seq: last, pending: 0 });
  }
  const live = request.db.changes({ ...options, since: last, live: true, return_docs: false });
  const beat = setInterval(() => response.write("\n"), Number(request.query.heartbeat || 60000));
  const end = (answer) => {
    if (response.writableEnded) return;
    clearInterval(beat);
    clearTimeout(timer);
    live.cancel();
    response.end(JSON.stringify(answer));
  };
  const nothing = { results: [], last_seq: last, pending: 0 };
  const timer = setTimeout(() => end(nothing), Number(request.query.timeout || 60000));
  response.type("json");
  response.flushHeaders();
  live.on("change", (change) => end({ results: [change], last_seq: change.seq, pending: 0 }));
  live.on("error", () => end(nothing));
  return response.on("close", () => end(nothing));
}

const server = app.listen(Number(port), "127.0.0.1", () => console.log("up", port));
server.keepAliveTimeout = 120000;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
