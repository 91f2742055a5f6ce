/** What differs between the nginx servers of a bench: before the `events` block, inside of `http`. */
export interface NginxParts {
  readonly connections: number;
  /** Worker processes; one where nothing is said. */
  readonly workers?: number;
  readonly modules?: string;
  readonly http: string;
}

/** nginx in the foreground, without an access log, whose files are all below `directory`. */
export function nginxConfiguration(directory: string, parts: NginxParts): string {
  return `${parts.modules ?? ""}${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes ${parts.workers ?? 1};
pid ${directory}/pid;
error_log ${directory}/error.log warn;
events { worker_connections ${parts.connections}; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
${parts.http}
}
`;
}
