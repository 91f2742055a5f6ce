/** Properties of an mpgw that have their effect here. */
export const served: ReadonlySet<string> = new Set(
  (
    "type front-protocol stylepolicy request-type response-type backend-url propagate-uri " +
    "front-timeout back-timeout front-persistent-timeout back-persistent-timeout " +
    "process-http-errors force-policy-exec host-rewriting chunked-uploads " +
    "allow-cache-control follow-redirects persistent-connections max-message-size parameter " +
    "http-client-ip-label http-global-tranID-label inject suppress xml-manager " +
    "ssl-client ssl-client-type ssl http-server-version load-balancer-hash-header " +
    "policy-attachments default-param-namespace query-param-namespace urlrewrite-policy " +
    "error-policy proxy-http-response loop-detection transaction-timeout " +
    "gateway-parser-limits element-depth attribute-count max-node-size external-references " +
    "max-prefixes max-namespaces max-local-names soap-schema-url"
  ).split(" "),
);

/**
 * Without effect on the messages that are served, or only tuning what is off: attachment
 * limits, WS-Addressing and reliable messaging details, debugging, streaming hints. Their
 * switches (wsa-mode, wsrm …) are not here and must be at their default.
 */
export const inert: ReadonlySet<string> = new Set(
  (
    "priority summary debug-mode debug-history debug-trigger debugger-type " +
    "monitor-processing-policy request-attachments response-attachments " +
    "request-attachments-flow-control response-attachments-flow-control " +
    "root-part-not-first-action front-attachment-format back-attachment-format " +
    "mime-front-headers mime-back-headers stream-output-to-back stream-output-to-front " +
    "attachment-byte-count attachment-package-byte-count flowcontrol rewrite-errors delay-errors " +
    "delay-errors-duration wsa-require-aaa wsa-strip-headers wsa-default-replyto " +
    "wsa-default-faultto wsa-force wsa-genstyle wsa-http-async-response-code wsa-timeout " +
    "wsa-back-protocol wsrm-sequence-expiration wsrm-destination-accept-create-sequence " +
    "wsrm-destination-maximum-sequences wsrm-destination-inorder " +
    "wsrm-destination-maximum-inorder-queue-length wsrm-destination-accept-offers " +
    "wsrm-request-force wsrm-response-force wsrm-source-request-create-sequence " +
    "wsrm-source-response-create-sequence wsrm-source-make-offer wsrm-source-sequence-ssl " +
    "wsrm-source-front-acks-to wsrm-source-back-acks-to wsrm-source-maximum-sequences " +
    "wsrm-source-retransmission-interval wsrm-source-exponential-backoff " +
    "wsrm-source-retransmit-count wsrm-source-maximum-queue-length " +
    "wsrm-source-request-ack-count wsrm-source-inactivity-close-interval " +
    "wsmagent-monitor-capture-mode"
  ).split(" "),
);
