/** The same writable paths in the words of four tools, ready to be pasted. */
export interface Renderings {
  readonly lithify: string;
  readonly docker: string;
  readonly compose: string;
  readonly kubernetes: string;
}

export function renderWritable(paths: readonly string[]): Renderings {
  const quoted = paths.map((path) => JSON.stringify(path));
  const list = quoted.map((path) => `  - ${path}`);
  const options = "rw,noexec,nosuid,nodev,mode=1777";
  const volumes = paths.map((_, index) => `writable-${index}`);
  return {
    lithify: paths.length === 0 ? "writable: []\n" : ["writable:", ...list, ""].join("\n"),
    docker: [
      "docker run --read-only --cap-drop ALL --security-opt no-new-privileges",
      ...paths.map((path) => `--tmpfs ${shellWord(`${path}:${options}`)}`),
    ].join(" \\\n  "),
    compose: [
      "read_only: true",
      "cap_drop: [ALL]",
      'security_opt: ["no-new-privileges:true"]',
      ...(paths.length === 0 ? [] : ["tmpfs:"]),
      ...paths.map((path) => `  - ${JSON.stringify(`${path}:${options}`)}`),
      "",
    ].join("\n"),
    kubernetes: [
      "containers:",
      "  - securityContext:",
      "      readOnlyRootFilesystem: true",
      "      allowPrivilegeEscalation: false",
      "      capabilities: { drop: [ALL] }",
      ...(paths.length === 0 ? [] : ["    volumeMounts:"]),
      ...quoted.map((path, index) => `      - { name: ${volumes[index]}, mountPath: ${path} }`),
      ...(paths.length === 0 ? [] : ["volumes:"]),
      ...volumes.map((name) => `  - { name: ${name}, emptyDir: { medium: Memory } }`),
      "",
    ].join("\n"),
  };
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
