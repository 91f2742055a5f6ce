/** What a signer makes of a statement. `unsigned`: nothing is attached. */
export type Signature =
  | { readonly kind: "unsigned" }
  | { readonly kind: "signed"; readonly artifactType: string; readonly bytes: Uint8Array };

/** Who signs statements. The bytes are those of the statement as attached. */
export interface Signer {
  readonly name: string;
  sign(statement: Uint8Array): Promise<Signature>;
}

/** Signs nothing: the statement is bound to the image by digest, not to a person. */
export const unsigned: Signer = {
  name: "unsigned",
  sign: () => Promise.resolve({ kind: "unsigned" }),
};
