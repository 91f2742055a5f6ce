import { randomUUID } from "node:crypto";
import { reasonOf } from "../answer/answer.ts";
import type { Headers } from "../http/headers.ts";
import type { Priority } from "../log.ts";
import { keptValue } from "../message/kept-value.ts";
import { textContent } from "../message/text-content.ts";
import { type Content, emptyContent, type Transaction } from "../message/transaction.ts";
import { logEventOf } from "../message/transaction-log.ts";
import { listVariables, readVariable, statusCode, writeVariable } from "../message/variables.ts";
import type { ActionPlan } from "../plan/actions/action-plan.ts";
import { requirePart } from "../require-part.ts";
import {
  cipherStream,
  cryptoNames,
  hashOf,
  randomOf,
  sameBytes,
  signatureOf,
  verifies,
} from "../script/crypto-operations.ts";
import { formatText } from "../script/format-text.ts";
import type {
  CryptoStream,
  HeaderSide,
  LimitAnswer,
  LimitRequest,
  ScriptHost,
} from "../script/script-host.ts";
import { noKeys, type ScriptKeys } from "../script/script-keys.ts";
import type { ScriptRun } from "../script/script-run.ts";
import { changeLimit } from "../script/shared-limits.ts";
import type { RuleRun } from "./actions/rule-run.ts";
import type { ScriptFiles } from "./script-files.ts";
import type { ScriptUrls } from "./script-urls.ts";

/** What not every script needs. */
const require = requirePart(import.meta.url);

/** What a run has done, read when it ends. */
export interface HostOutcome {
  readonly touched: boolean;
  readonly rejection: string | undefined;
}

/** The host of one run of a gatewayscript action, and what became of it. */
export class TransactionHost implements ScriptHost, HostOutcome {
  readonly #run: RuleRun;
  readonly #transaction: Transaction;
  readonly #action: ActionPlan;
  /** The run of the script, once it starts. */
  scriptRun: ScriptRun | undefined;
  #urls: ScriptUrls | undefined;
  touched = false;
  rejection: string | undefined;

  constructor(run: RuleRun, action: ActionPlan) {
    this.#run = run;
    this.#transaction = run.transaction;
    this.#action = action;
  }

  later<Values extends readonly unknown[]>(
    callback: (...values: Values) => void,
  ): (...values: Values) => void {
    return this.scriptRun!.later(callback);
  }

  contextName(name: string): string {
    if (name === "(input)") return this.#action.input;
    return name === "(output)" ? this.#action.output : name;
  }

  contextExists(name: string): boolean {
    return this.#transaction.hasContext(name);
  }

  createContext(name: string): void {
    this.#transaction.write(name, emptyContent);
  }

  readContext(name: string): Uint8Array {
    if (name === "(input)") this.touched = true;
    return this.#content(name).bytes;
  }

  writeContext(
    name: string,
    bytes: Uint8Array | string,
    form: "object" | "string" | "bytes" | "xml",
  ): void {
    if (name === "(output)") this.touched = true;
    const content =
      typeof bytes === "string" ? textContent(bytes, form) : { bytes: Buffer.from(bytes), form };
    this.#transaction.write(this.contextName(name), content);
  }

  textOf(bytes: Uint8Array): string {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  }

  getVariable(url: string): unknown {
    return readVariable(this.#transaction, url, this.contextName("(input)"));
  }

  setVariable(url: string, value: unknown): void {
    const kept = keptValue(value);
    writeVariable(this.#transaction, url, kept, this.contextName("(input)"));
  }

  listVariables(): ReturnType<ScriptHost["listVariables"]> {
    return listVariables();
  }

  parameters(): Readonly<Record<string, string>> | undefined {
    const { parameters } = this.#transaction;
    return parameters.size === 0 ? undefined : Object.fromEntries(parameters);
  }

  reject(message: string | undefined): void {
    this.rejection = message;
  }

  log(level: string, category: string, values: readonly unknown[]): void {
    const text = formatText(values);
    const event = logEventOf(this.#transaction, "8580005c", level as Priority, text);
    const object = { kind: "gatewayscript", name: this.#action.name };
    this.#run.world.log({ ...event, category, object });
  }

  header(side: HeaderSide, name: string): readonly string[] {
    const own = this.#headers(side).values(name);
    return own.length === 0 && this.#goesBack(side) ? this.#transaction.current.values(name) : own;
  }

  allHeaders(side: HeaderSide): ReadonlyArray<readonly [string, readonly string[]]> {
    const own = [...this.#headers(side)];
    if (!this.#goesBack(side)) return own;
    const { current, answer } = this.#transaction;
    return [...[...current].filter(([name]) => answer.get(name) === undefined), ...own];
  }

  setHeader(side: HeaderSide, name: string, values: readonly string[]): void {
    if (side === "original") throw new Error("the original headers cannot be changed");
    this.#headers(side).set(name, values);
    if (values.length === 0 && this.#goesBack(side)) this.#transaction.current.set(name, []);
  }

  status(side: HeaderSide): { code: number | undefined; reason: string | undefined } {
    const { answerStatus, answerReason, received } = this.#transaction;
    const own = side === "response" && answerStatus !== undefined;
    return own
      ? { code: answerStatus, reason: answerReason ?? reasonOf(answerStatus) }
      : { code: received?.status, reason: received?.reason };
  }

  setStatus(side: HeaderSide, text: string): void {
    if (side === "original") throw new Error("the original status cannot be changed");
    const { code, reason } = statusCode(text);
    this.#transaction.answerStatus = code;
    this.#transaction.answerReason = reason;
  }

  setReason(_side: HeaderSide, text: string): void {
    this.#transaction.answerReason = statusCode(`200 ${text}`).reason;
  }

  openUrl(...values: Parameters<ScriptHost["openUrl"]>): void {
    if (this.#urls === undefined) {
      const { transaction, world } = this.#run;
      const { root, urls } = world;
      const { ScriptUrls } = require("./script-urls.ts") as typeof import("./script-urls.ts");
      this.#urls = new ScriptUrls({ root, domain: transaction.plan.domain, urls });
    }
    this.#urls.open(...values);
  }

  readAnswer(...values: Parameters<ScriptHost["readAnswer"]>): void {
    this.#urls!.read(...values);
  }

  leaveAnswer(answer: number): void {
    this.#urls!.leave(answer);
  }

  /** The run of the script has ended. */
  close(): void {
    this.#urls?.close();
  }

  readFile(...values: Parameters<ScriptHost["readFile"]>): void {
    this.#files.read(...values);
  }

  writeFile(...values: Parameters<ScriptHost["writeFile"]>): void {
    this.#files.write(...values);
  }

  removeFile(...values: Parameters<ScriptHost["removeFile"]>): void {
    this.#files.remove(...values);
  }

  userModule(specifier: string, from: string): ReturnType<ScriptHost["userModule"]> {
    return this.#run.world.scripts.module(this.#transaction.plan.domain, specifier, from);
  }

  temporaryFile(): string {
    return `temporary:///gatewayscript-${randomUUID()}`;
  }

  hash(...values: Parameters<ScriptHost["hash"]>): Uint8Array {
    return hashOf(this.#keys, ...values);
  }

  sign(...values: Parameters<ScriptHost["sign"]>): Uint8Array {
    return signatureOf(this.#keys, ...values);
  }

  verify(...values: Parameters<ScriptHost["verify"]>): boolean {
    return verifies(this.#keys, ...values);
  }

  cipher(...values: Parameters<ScriptHost["cipher"]>): CryptoStream {
    return cipherStream(this.#keys, ...values);
  }

  randomBytes(size: number): Uint8Array {
    return randomOf(size);
  }

  sameBytes(left: Uint8Array, right: Uint8Array): boolean {
    return sameBytes(left, right);
  }

  cryptoNames(of: "hashes" | "ciphers"): readonly string[] {
    return cryptoNames(of);
  }

  jose(...[request, done]: Parameters<ScriptHost["jose"]>): void {
    const keys = this.#keys;
    import("../script/jose-operations.ts")
      .then(({ performJose }) => performJose(request, keys))
      .then(
        (result) => done(undefined, result),
        (error: unknown) => done((error as Error).message),
      );
  }

  limit(request: LimitRequest): LimitAnswer {
    return changeLimit(`${this.#transaction.plan.domain}/`, request, performance.now());
  }

  callRule(...[rule, input, output, done]: Parameters<ScriptHost["callRule"]>): void {
    // never a function of the realm itself: that would run when the realm is next entered
    this.#callRule(rule, input, output).then(
      (problem) => done(problem),
      (error: unknown) => done((error as Error).message),
    );
  }

  /** Gives why it failed. */
  async #callRule(name: string, input: string, output: string): Promise<string | undefined> {
    const rule = this.#transaction.plan.rules.get(name);
    if (rule === undefined) return `no rule ${name}`;
    const failure = await this.#run.runRule(rule, input, output);
    return failure === undefined ? undefined : (failure.detail ?? failure.message);
  }

  get #keys(): ScriptKeys {
    return this.#transaction.plan.scriptKeys ?? noKeys;
  }

  #content(name: string): Content {
    return this.#transaction.read(this.contextName(name)) ?? emptyContent;
  }

  /** On the way back the headers of the answer begin as those of the backend. */
  #goesBack(side: HeaderSide): boolean {
    return side === "response" && this.#transaction.side === "response";
  }

  #headers(side: HeaderSide): Headers {
    const transaction = this.#transaction;
    if (side === "original") return transaction.original;
    return side === "current" ? transaction.current : transaction.answer;
  }

  get #files(): ScriptFiles {
    const { transaction, world } = this.#run;
    const { ScriptFiles } = require("./script-files.ts") as typeof import("./script-files.ts");
    return new ScriptFiles(world.root, transaction.plan.domain);
  }
}
