/** Properties of an xmlfirewall that have their effect here. */
export const served: ReadonlySet<string> = new Set(
  (
    "type local-address remote-address ip-address port remote-ip-address remote-port " +
    "stylesheet-policy xml-manager urlrewrite-policy request-type response-type " +
    "force-policy-exec max-message-size host-rewriting chunked-uploads persistent-connections " +
    "http-timeout persistent-timeout client-address http-global-tranID-label inject suppress " +
    "parameter default-param-namespace query-param-namespace disallow-get ssl ssl-config-type " +
    "ssl-server ssl-sni-server ssl-client ssl-client-type firewall-parser-limits element-depth attribute-count " +
    "max-node-size max-prefixes max-namespaces max-local-names external-references soap-schema-url"
  ).split(" "),
);

/**
 * Without effect on the messages that are served, or only tuning what is off: attachment
 * limits, debugging, how errors of the backend are worded. Their switches are not here.
 */
export const inert: ReadonlySet<string> = new Set(
  (
    "priority summary debug-mode debug-history debug-trigger monitor-processing-policy " +
    "request-attachments response-attachments root-part-not-first-action " +
    "front-attachment-format back-attachment-format mime-headers rewrite-errors delay-errors " +
    "delay-errors-duration bytes-scanned attachment-byte-count " +
    "attachment-package-byte-count credential-charset silence-warning " +
    "httpproxy-port version error-policy-override debugger-type wsmagent-monitor-capture-mode"
  ).split(" "),
);
