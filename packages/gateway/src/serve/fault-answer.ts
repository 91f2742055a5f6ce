/** Who is to blame for a failure: the client's side of the transaction or the backend's. */
export type FaultSide = "client" | "server";

/** Why a transaction failed. Codes are `0x` and eight hexadecimal digits. */
export interface Failure {
  readonly code: string;
  readonly subcode: string;
  /** What the client is told. */
  readonly message: string;
  readonly side: FaultSide;
  /** What the log is told. */
  readonly detail?: string;
  /** 500 unless a refusal before any rule says otherwise. */
  readonly status?: number;
}

/** Failure codes, as far as they are known; the script code is not verified on the product. */
export const failureCodes = {
  dynamicExecution: "0x00230001",
  rejected: "0x00d30003",
  backendConnection: "0x01130006",
  responseCode: "0x02030004",
  script: "0x85800001",
} as const;

export const internalError = "Internal Error";

const envelopes: Readonly<Record<string, string>> = {
  "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
  "1.2": "http://www.w3.org/2003/05/soap-envelope",
};

/** The reason phrase of the default error answer. */
export const errorReason = "Error";
export const faultContentType = "text/xml";

/** The body of the default error answer: a SOAP fault that names the side and the message. */
export function faultBody(message: string, side: FaultSide, soapVersion = "1.1"): string {
  const namespace = envelopes[soapVersion] ?? envelopes["1.1"];
  const role = side === "client" ? "Client" : "Server";
  const text = escapeXml(`${message} (from ${side})`);
  const fault =
    soapVersion === "1.2"
      ? `<env:Code><env:Value>env:${side === "client" ? "Sender" : "Receiver"}</env:Value></env:Code>` +
        `<env:Reason><env:Text xml:lang="en">${text}</env:Text></env:Reason>`
      : `<faultcode>env:${role}</faultcode><faultstring>${text}</faultstring>`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope xmlns:env="${namespace}">` +
    `<env:Body><env:Fault>${fault}</env:Fault></env:Body></env:Envelope>`
  );
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[^\t\n\r\x20-\uFFFD\u{10000}-\u{10FFFF}]/gu, "?");
}
