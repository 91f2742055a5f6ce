import { capabilitiesOf } from "../identity/capability-names.ts";

/** What `security.capability` says (linux/capability.h, struct vfs_ns_cap_data). */
export interface FileCapabilities {
  readonly permitted: readonly string[];
  readonly inheritable: readonly string[];
  /** The program has what it gains in effect at once; without it the program must know about capabilities. */
  readonly effective: boolean;
  /** Version 3: valid only in user namespaces whose root is this uid; 0 for all others. */
  readonly rootUid: number;
}

export type DecodedCapabilities =
  | { readonly answer: "capabilities"; readonly value: FileCapabilities }
  | { readonly answer: "malformed"; readonly why: string };

const lengths: ReadonlyMap<number, number> = new Map([
  [1, 12],
  [2, 20],
  [3, 24],
]);

/** Decodes the attribute, little-endian, versions 1 to 3. */
export function decodeFileCapabilities(bytes: Uint8Array): DecodedCapabilities {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 4) return malformed("it is shorter than its version");
  const magic = view.getUint32(0, true);
  const version = magic >>> 24;
  const length = lengths.get(version);
  if (length === undefined) return malformed(`its version is ${version}, not 1, 2 or 3`);
  if (bytes.byteLength !== length) {
    return malformed(`it has ${bytes.byteLength} bytes, version ${version} has ${length}`);
  }
  const set = (at: number) => {
    const low = BigInt(view.getUint32(4 + at, true));
    const high = version === 1 ? 0n : BigInt(view.getUint32(12 + at, true));
    return capabilitiesOf(low | (high << 32n));
  };
  return {
    answer: "capabilities",
    value: {
      permitted: set(0),
      inheritable: set(4),
      effective: (magic & 1) === 1,
      rootUid: version === 3 ? view.getUint32(20, true) : 0,
    },
  };
}

function malformed(why: string): DecodedCapabilities {
  return { answer: "malformed", why };
}
