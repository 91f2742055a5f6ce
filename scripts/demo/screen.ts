import { styleText } from "node:util";

/** One row of the table at the end. */
interface Row {
  readonly step: string;
  readonly result: string;
  readonly seconds: number;
}

/** What the demo shows: a heading for each step, lines as they come, a table at the end. */
export class Screen {
  readonly #isTerminal = process.stdout.isTTY === true;
  readonly #isColored = this.#isTerminal && !process.env.NO_COLOR;
  readonly #began = performance.now();
  readonly #rows: Row[] = [];
  readonly #total: number;

  constructor(total: number) {
    this.#total = total;
  }

  /** Runs one step; it returns what it came to, in a few words. */
  async step(title: string, work: () => Promise<string>): Promise<void> {
    const number = this.#rows.length + 1;
    this.#write(`\n${this.#mark("bold", `(${number}/${this.#total}) ${title}`)}`);
    const began = performance.now();
    const result = await work();
    const seconds = (performance.now() - began) / 1000;
    this.#wipe();
    this.#write(
      `    ${this.#mark("green", "→")} ${result}  ${this.#mark("dim", `${seconds.toFixed(1)} s`)}`,
    );
    this.#rows.push({ step: title, result, seconds });
  }

  line(text: string): void {
    this.#wipe();
    this.#write(`    ${text}`);
  }

  /** What goes on now: overwritten on a terminal, left out elsewhere. */
  progress(text: string): void {
    if (!this.#isTerminal) return;
    const width = (process.stdout.columns ?? 80) - 6;
    process.stdout.write(`\r\u001b[2K    ${this.#mark("dim", text.slice(0, width))}`);
  }

  table(): void {
    const width = Math.max(...this.#rows.map((row) => row.step.length));
    this.#write("");
    for (const [index, row] of this.#rows.entries())
      this.#write(
        `${String(index + 1).padStart(2)}  ${row.step.padEnd(width)}  ${row.seconds.toFixed(1).padStart(5)} s  ${row.result}`,
      );
    const seconds = (performance.now() - this.#began) / 1000;
    this.#write(`\n${this.#mark("bold", `${this.#rows.length} steps in ${seconds.toFixed(1)} s`)}`);
  }

  #wipe(): void {
    if (this.#isTerminal) process.stdout.write("\r\u001b[2K");
  }

  #write(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  #mark(format: "bold" | "green" | "dim", text: string): string {
    return this.#isColored ? styleText(format, text) : text;
  }
}
