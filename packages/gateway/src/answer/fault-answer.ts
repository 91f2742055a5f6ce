import type { FaultSide } from "../message/failure.ts";

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
