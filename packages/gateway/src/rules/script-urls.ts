import type { UrlBody } from "../backside/url-answer.ts";
import type { ScriptHost, UrlRequest } from "../script/script-host.ts";
import { openUrl, type UrlBase } from "./open-url.ts";

/** The answers that one run of a script waits for or reads, by number. */
export class ScriptUrls {
  readonly #base: UrlBase;
  readonly #bodies = new Map<number, UrlBody>();
  #next = 1;
  #closed = false;

  constructor(base: UrlBase) {
    this.#base = base;
  }

  /** `done` hears of the answer as soon as its head is there. */
  open(request: UrlRequest, done: Parameters<ScriptHost["openUrl"]>[1]): void {
    openUrl(request, this.#base, (error, answer) => {
      if (answer === undefined) {
        done(error ?? "no answer");
        return;
      }
      const { statusCode, reasonPhrase, headers, body } = answer;
      if (this.#closed) body.leave();
      const number = this.#next++;
      this.#bodies.set(number, body);
      done(undefined, { statusCode, reasonPhrase, headers }, number);
    });
  }

  /** Gives the whole body, as often as it is asked for. */
  read(number: number, done: Parameters<ScriptHost["readAnswer"]>[1]): void {
    const body = this.#bodies.get(number);
    if (body === undefined) {
      done("the response has been discarded");
      return;
    }
    body.whole().then(
      (bytes) => done(undefined, bytes),
      (error: Error) => done(`the response cannot be read: ${error.message}`),
    );
  }

  leave(number: number): void {
    this.#bodies.get(number)?.leave();
    this.#bodies.delete(number);
  }

  /** The run has ended: what it did not read is not waited for. */
  close(): void {
    this.#closed = true;
    for (const body of this.#bodies.values()) body.leave();
    this.#bodies.clear();
  }
}
