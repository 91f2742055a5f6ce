/** Root causes, written by hand after looking at each finding; `path` is where the finding begins. */
const causes: readonly {
  readonly image?: string;
  readonly rule: string;
  readonly path?: RegExp;
  readonly why: string;
}[] = [
  {
    rule: "LI-ROOT",
    why: "Root with Docker's fourteen capabilities passes over every mode. No image protects itself from it: do not start it as root.",
  },
  {
    rule: "LI-STICKY",
    path: /^\/(?:tmp|var\/tmp|run\/lock)$/u,
    why: "Debian ships it drwxrwxrwt (base-files; /run/lock made by debootstrap's set-up). Anybody adds files. A policy declares it writable, and it becomes a tmpfs; or sealing takes the write away.",
  },
  {
    rule: "LI-SETID",
    path: /^\/usr\/bin\/chfn$/u,
    why: "Debian's passwd, login, mount and util-linux install su, mount, passwd and others set-user-id root. Without no_new_privs each runs as root with the bounding set. With no_new_privs, as lithify run and allowPrivilegeEscalation: false have it, none gains anything; `setid: remove` takes the bits away.",
  },
  {
    rule: "LI-LINK",
    path: /^\/var\/lock$/u,
    why: "Debian's /var/lock is a link to /run/lock, and this policy declares /run writable: whoever writes there decides what the link leads to. Waive it, or declare narrower paths than /run.",
  },
  {
    image: "busybox",
    rule: "LI-CONTENT",
    why: "COPY --chown gave the page to the user that runs.",
  },
  {
    image: "busybox",
    rule: "LI-OWNER",
    why: "COPY --chown made /srv, too, because it was not there, and gave it to www: the owner sets any mode.",
  },
  {
    image: "busybox",
    rule: "LI-REPLACE",
    why: "The page lies in a directory of the same user: it can be replaced whatever its own mode is.",
  },
  {
    image: "busybox",
    rule: "LI-ADD",
    why: "/srv belongs to www, 0755: new pages can be added.",
  },
  {
    image: "nginx",
    rule: "LI-CONTENT",
    path: /^\/var\/log\/nginx\//u,
    why: "nginx-common's postinst creates access.log and error.log as www-data's, so that the package can log. Declare /var/log/nginx writable.",
  },
  {
    image: "nginx",
    rule: "LI-OWNER",
    path: /^\/(?:run|var\/lib\/nginx)$/u,
    why: "The Dockerfile's `chown -R www-data /var/lib/nginx /run` makes nginx run without root; and an owner sets any mode. The log files of the package are www-data's, too. Declare the places writable instead.",
  },
  {
    image: "nginx",
    rule: "LI-REPLACE",
    path: /^\/run\//u,
    why: "/run is www-data's by the Dockerfile's chown, so what lies in it can be renamed away.",
  },
  {
    image: "nginx",
    rule: "LI-ADD",
    path: /^\/(?:run|run\/lock|var\/lib\/nginx)$/u,
    why: "By the Dockerfile's chown www-data may add files where nginx keeps its pid file, request bodies and caches. Declare them writable.",
  },
  {
    image: "node",
    rule: "LI-CONTENT",
    why: "COPY --chown=1000:1000 gave the application to the user that runs it: the commonest mistake. Leave the flag out: root's files are readable.",
  },
  {
    image: "node",
    rule: "LI-OWNER",
    why: "The same COPY --chown: even 0444 would not help, because the owner sets any mode.",
  },
  {
    image: "node",
    rule: "LI-ENTRYPOINT",
    why: "server.js is what CMD starts, and uid 1000 can rewrite it: the next start runs other code.",
  },
  {
    image: "gateway",
    rule: "LI-OWNER",
    path: /\/(?:logtemp|temporary)$/u,
    why: "The base image gives temporary and logtemp to drouter, as the gateway's own images do. The policy declares both writable.",
  },
  {
    image: "gateway",
    rule: "LI-REPLACE",
    path: /\/config\/auto-startup\.cfg$/u,
    why: "Checked out under umask 002, config and its directories are group-writable, and every user of these images is in group 0: files can be replaced, whatever their own modes.",
  },
  {
    image: "gateway",
    rule: "LI-REPLACE",
    path: /\/local\/echo$/u,
    why: "The same umask: /drouter/local is group-writable, so the domain's directory can be renamed away.",
  },
  {
    image: "gateway",
    rule: "LI-ADD",
    path: /\/(?:config|logtemp)$/u,
    why: "Group-writable directories of the checkout, and the directories that the gateway writes: anybody in group 0 adds files.",
  },
];

/** Why an image has this finding; undefined where nobody has looked. */
export function explanationOf(image: string, rule: string, path: string): string | undefined {
  return causes.find(
    (cause) =>
      cause.rule === rule &&
      (cause.image === undefined || cause.image === image) &&
      (cause.path === undefined || cause.path.test(path)),
  )?.why;
}
