import { absolute, nameOf, note, type Trail } from "./trail.ts";

/** Variables that name places from which code or trust is read, each with what separates them. */
const variables: Readonly<Record<string, RegExp | undefined>> = {
  NODE_PATH: /:/u,
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_COMPILE_CACHE: undefined,
  PYTHONPATH: /:/u,
  PYTHONHOME: /:/u,
  PYTHONSTARTUP: undefined,
  PYTHONUSERBASE: undefined,
  PYTHONPYCACHEPREFIX: undefined,
  CLASSPATH: /:/u,
  PERL5LIB: /:/u,
  PERLLIB: /:/u,
  RUBYLIB: /:/u,
  GEM_HOME: undefined,
  GEM_PATH: /:/u,
  LUA_PATH: /;/u,
  LUA_CPATH: /;/u,
  PHPRC: undefined,
  PHP_INI_SCAN_DIR: /:/u,
  OPENSSL_CONF: undefined,
  OPENSSL_MODULES: undefined,
  OPENSSL_ENGINES: undefined,
  SSL_CERT_FILE: undefined,
  SSL_CERT_DIR: /:/u,
  GCONV_PATH: /:/u,
  LOCPATH: /:/u,
  NPM_CONFIG_USERCONFIG: undefined,
  BUNDLE_GEMFILE: undefined,
  ERL_LIBS: /:/u,
  R_LIBS: /:/u,
  DOTNET_STARTUP_HOOKS: /:/u,
  DOTNET_ADDITIONAL_DEPS: /:/u,
  CORECLR_PROFILER_PATH: undefined,
};

/** Variables that hold options: every path in them counts. */
const optionVariables = [
  "NODE_OPTIONS",
  "JAVA_TOOL_OPTIONS",
  "JDK_JAVA_OPTIONS",
  "_JAVA_OPTIONS",
  "PERL5OPT",
  "RUBYOPT",
];

/** Notes the places from which language runtimes of the start read code: variables, and what they do by themselves. */
export function followRuntimes(trail: Trail): void {
  for (const [name, separator] of Object.entries(variables)) {
    for (const entry of entriesOf(name, trail.environment.get(name) ?? "", separator)) {
      addPlace(trail, withoutPattern(entry || "."), `${name} names \`${entry}\``);
    }
  }
  for (const name of optionVariables) {
    for (const path of pathsIn(trail.environment.get(name) ?? "")) {
      addPlace(trail, path, `${name} names \`${path}\``);
    }
  }
  for (const { interpreter, path } of trail.scripts) followInterpreter(trail, interpreter, path);
  if ([...trail.programs].some((program) => /^python\d/u.test(nameOf(program))))
    followPython(trail);
}

/** An empty element means the working directory to Python, and nothing to the others. */
function entriesOf(name: string, value: string, separator: RegExp | undefined): readonly string[] {
  if (value === "") return [];
  if (separator === undefined) return [value];
  return value.split(separator).filter((entry) => entry !== "" || name === "PYTHONPATH");
}

function followInterpreter(trail: Trail, interpreter: string, script: string): void {
  if (/^node(?:js)?$/u.test(interpreter)) followNode(trail, script);
  if (/^(?:python|pypy)/u.test(interpreter)) {
    addSearch(trail, directoryOf(script), `\`${interpreter}\` looks beside \`${script}\` first`);
  }
}

/** Every directory above a script may hold node_modules, the nearest first (nodejs.org, modules). */
function followNode(trail: Trail, script: string): void {
  for (let directory = directoryOf(script); ; directory = directoryOf(directory)) {
    if (nameOf(directory) !== "node_modules") {
      const path = `${directory === "/" ? "" : directory}/node_modules`;
      addSearch(trail, path, `\`${script}\` finds its modules in \`${path}\``);
    }
    if (directory === "/") return;
  }
}

/** Directories of packages, and what their .pth files add (docs.python.org, site). */
function followPython(trail: Trail): void {
  for (const base of ["/usr/lib", "/usr/local/lib"]) {
    for (const version of trail.tree.names(base).filter((name) => /^python3/u.test(name))) {
      for (const kind of ["dist-packages", "site-packages"]) {
        const path = `${base}/${version}/${kind}`;
        if (trail.tree.at(path) === undefined) continue;
        addSearch(trail, path, `Python looks for packages in \`${path}\``);
        for (const name of trail.tree.names(path).filter((each) => each.endsWith(".pth"))) {
          followPth(trail, path, name);
        }
      }
    }
  }
}

function followPth(trail: Trail, directory: string, name: string): void {
  const file = `${directory}/${name}`;
  addPlace(trail, file, `Python runs what \`${file}\` says`);
  const text = trail.contents.at(file)?.text ?? "";
  for (const line of text.split(/\r?\n/u)) {
    if (line === "" || line.startsWith("#") || /^import[ \t]/u.test(line)) continue;
    const path = line.startsWith("/") ? line : `${directory}/${line}`;
    addSearch(trail, path.trimEnd(), `\`${file}\` names \`${line}\``);
  }
}

/** Paths in options: `--require /opt/x.js`, `-javaagent:/opt/agent.jar=a`, `@/etc/args`. */
export function pathsIn(options: string): readonly string[] {
  return [...options.matchAll(/(?:^|[\s=:,@"']|-I)(\.{0,2}\/[^\s:,="']*)/gu)].flatMap((match) =>
    match[1] === undefined ? [] : [match[1]],
  );
}

/** `/opt/lua/?.lua` and `/opt/jars/*` are their directories. */
function withoutPattern(path: string): string {
  return path.replace(/\/[^/]*[?*].*$/u, "") || "/";
}

function addPlace(trail: Trail, path: string, why: string): void {
  note(trail, { path: absolute(trail, path), as: "runtime", why: [why] });
}

function addSearch(trail: Trail, path: string, why: string): void {
  note(trail, { path, as: "runtime", why: [why] });
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
