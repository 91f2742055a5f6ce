/** Where connections of one pool lead. Two with the same key are the same. */
export interface Destination {
  readonly key: string;
  readonly host: string;
  readonly port: number;
}
