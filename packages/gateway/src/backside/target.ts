/** Where one request goes: the parts of its URL as they are used. */
export interface Target {
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The value of Host. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** `user:password` of the URL. */
  readonly credentials?: string;
}

/** The target of an http or https URL; undefined for another one. */
export function targetOfUrl(url: URL): Target | undefined {
  const secure = url.protocol === "https:";
  if (!secure && url.protocol !== "http:") return undefined;
  const { username, password } = url;
  return {
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    authority: url.host,
    path: url.pathname + url.search,
    ...(username === "" && password === ""
      ? {}
      : { credentials: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
  };
}

/** The whole URL of a target, without its credentials. */
export function urlOfTarget({ secure, authority, path }: Target): string {
  return `${secure ? "https" : "http"}://${authority}${path}`;
}

/** What is sent as it is: a path and query in which nothing could be read in two ways. */
const plainPath = /^\/[\w\-.~!$&'()*+,;=:@%/?[\]]*$/;

/** `target` with the path and query of a client's URI; undefined when it is none. */
export function withPath(target: Target, uri: string): Target | undefined {
  if (plainPath.test(uri) && !uri.includes("/.")) return { ...target, path: uri };
  const text = `http://host${uri.startsWith("/") ? uri : `/${uri}`}`;
  if (!URL.canParse(text)) return undefined;
  const { pathname, search } = new URL(text);
  return { ...target, path: pathname + search };
}
