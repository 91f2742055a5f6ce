import { readFileSync } from "node:fs";
import { type Image, type Layer, type Store, type TarInput, writeTar } from "@lithify/oci";

/** What a generated image holds; the same numbers give the same bytes. */
export interface SampleShape {
  readonly layers: number;
  readonly files: number;
  readonly directories: number;
  /** Bytes of all files together. */
  readonly bytes: number;
  readonly fileMode: number;
  readonly directoryMode: number;
  /** A static program that becomes `/bin/busybox` in a layer of its own. */
  readonly program?: string;
}

/** An image of text files that compress about as program trees do (three to one), named TAG in the store. */
export async function writeSampleImage(
  store: Store,
  shape: SampleShape,
  tag: string,
): Promise<Image> {
  const layers: Layer[] = [];
  for (let layer = 0; layer < shape.layers; layer += 1) {
    layers.push(await store.writeLayer(writeTar(membersOf(shape, layer))));
  }
  if (shape.program !== undefined) {
    const body = readFileSync(shape.program);
    const path = "bin/busybox";
    const entry = { ...attributes, type: "file", path, size: body.length, mode: 0o755 } as const;
    layers.push(await store.writeLayer(writeTar([{ entry, body }])));
  }
  const config = { architecture: "amd64", os: "linux", config: { User: "1000:1000" } };
  const image = await store.writeImage({ config, layers });
  await store.tag(tag, image, { exact: true });
  return image;
}

const attributes = { uid: 0, gid: 0, mtime: 1_700_000_000, xattrs: new Map() };

/** The members of one layer: its directories first, then the files spread over them. */
export function* membersOf(shape: SampleShape, layer: number): Generator<TarInput> {
  const directories = Math.ceil(shape.directories / shape.layers);
  const files = Math.ceil(shape.files / shape.layers);
  const text = new SampleText(layer + 1);
  const top = `srv/tree${layer}`;
  const directory = {
    ...attributes,
    type: "directory",
    size: 0,
    mode: shape.directoryMode,
  } as const;
  for (const path of ["srv", top]) yield { entry: { ...directory, path } };
  for (let number = 0; number < directories; number += 1) {
    yield { entry: { ...directory, path: `${top}/d${number}` } };
  }
  const mean = shape.bytes / shape.files;
  for (let number = 0; number < files; number += 1) {
    const size = Math.round(mean * (0.25 + (number % 7) / 4));
    const path = `${top}/d${number % directories}/module-${number}.txt`;
    const entry = { ...attributes, type: "file", path, size, mode: shape.fileMode } as const;
    yield { entry, body: text.take(size) };
  }
}

/** Words in a pseudo-random order (xorshift), with some bytes that do not repeat. */
class SampleText {
  readonly #words: readonly Buffer[];
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2_654_435_761;
    this.#words = Array.from({ length: 4096 }, (_, number) =>
      Buffer.from(`${(number * 2_654_435_761).toString(36).slice(0, 3 + (number % 8))} `, "latin1"),
    );
  }

  take(bytes: number): Buffer {
    const out = Buffer.allocUnsafe(bytes);
    for (let at = 0; at < bytes; ) {
      const word = this.#words[this.#next() & 4095] as Buffer;
      at += word.copy(out, at);
    }
    return out;
  }

  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 7;
  }
}
