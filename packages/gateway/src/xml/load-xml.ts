import { loadXmlLibrary } from "./library.ts";

/** What works on documents: of no use before the library is there. */
type XmlRoom = typeof import("./parse.ts") & typeof import("./soap.ts") & typeof import("./xsd.ts");

let room: XmlRoom | undefined;

/** Loads the XML library and what works on it: to be awaited before a service that needs XML. */
export async function loadXml(): Promise<void> {
  await loadXmlLibrary();
  const parts = [import("./parse.ts"), import("./soap.ts"), import("./xsd.ts")] as const;
  const [parse, soap, xsd] = await Promise.all(parts);
  room ??= { ...parse, ...soap, ...xsd };
}

/** What parses, reads SOAP and compiles schemas; throws when {@link loadXml} has not ended. */
export function xmlRoom(): XmlRoom {
  if (room === undefined) throw new Error("the XML library is not loaded");
  return room;
}
