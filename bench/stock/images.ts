/** One image made of distribution packages as its users would make it, without a thought of immutability. */
export interface StockImage {
  readonly name: string;
  /** In the report. */
  readonly what: string;
  /** Packages that debootstrap installs besides a minimal Debian; absent: the image needs no debootstrap. */
  readonly include?: readonly string[];
  readonly dockerfile: string;
  /** Files of the build context. */
  readonly files: Readonly<Record<string, string>>;
  /** Of its lithify.yaml, for the seal. */
  readonly writable: readonly string[];
  /** Its workload for learn; none where it serves nothing. */
  readonly requests: readonly string[];
}

/** Who starts them: as the image says, the same without no_new_privs (as `docker run` without options), OpenShift, root. */
export const startedAs = ["USER", "USER,nnp=off", "openshift", "root"] as const;

const passwd = `root:x:0:0:root:/root:/bin/sh
www:x:1000:1000:www:/srv:/bin/sh
`;

export const stockImages: readonly StockImage[] = [
  {
    name: "debian",
    what: "a minimal Debian (debootstrap --variant=minbase), USER nobody",
    include: [],
    dockerfile: 'FROM scratch\nADD root.tar /\nUSER nobody\nCMD ["/bin/bash"]\n',
    files: {},
    writable: ["/tmp", "/var/tmp", "/run"],
    requests: [],
  },
  {
    name: "busybox",
    what: "busybox-static with its links, a site, USER www",
    dockerfile: [
      "FROM scratch",
      "COPY busybox /bin/busybox",
      'RUN ["/bin/busybox", "--install", "-s", "/bin"]',
      "COPY passwd group /etc/",
      "COPY --chown=www:www index.html /srv/",
      "USER www",
      'CMD ["/bin/httpd", "-f", "-p", "8080", "-h", "/srv"]',
      "",
    ].join("\n"),
    files: {
      passwd,
      group: "root:x:0:\nwww:x:1000:\n",
      "index.html": "<p>A page.</p>\n",
    },
    writable: [],
    requests: ["GET http://instance:8080/"],
  },
  {
    name: "nginx",
    what: "Debian's nginx-light with a site on port 8080, USER www-data",
    include: ["nginx-light"],
    dockerfile: [
      "FROM scratch",
      "ADD root.tar /",
      "COPY site.conf /etc/nginx/sites-enabled/default",
      "RUN sed -i 's,^pid .*,pid /run/nginx.pid;,; s,^user .*,,' /etc/nginx/nginx.conf && chown -R www-data /var/lib/nginx /run",
      "USER www-data",
      "EXPOSE 8080",
      'CMD ["nginx", "-g", "daemon off;"]',
      "",
    ].join("\n"),
    files: {
      "site.conf":
        "server {\n  listen 8080;\n  root /var/www/html;\n  location /upload { client_body_in_file_only clean; return 204; }\n}\n",
    },
    writable: ["/var/log/nginx", "/var/lib/nginx", "/run", "/tmp", "/var/tmp"],
    requests: ["GET http://instance:8080/", "POST http://instance:8080/upload"],
  },
  {
    name: "node",
    what: "a Node application on Debian's nodejs, copied with --chown, USER 1000",
    include: ["nodejs"],
    dockerfile: [
      "FROM scratch",
      "ADD root.tar /",
      "WORKDIR /app",
      "COPY --chown=1000:1000 server.js package.json ./",
      "ENV NODE_ENV=production",
      "USER 1000:1000",
      'CMD ["node", "server.js"]',
      "",
    ].join("\n"),
    files: {
      "package.json": '{ "name": "app", "private": true }\n',
      "server.js":
        'require("node:http").createServer((_, answer) => answer.end("ok\\n")).listen(8080);\n',
    },
    writable: ["/tmp", "/var/tmp", "/run"],
    requests: ["GET http://instance:8080/"],
  },
];
