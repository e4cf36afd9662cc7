// One line of an interactive terminal that says how many images are read.

/** Shows nothing in files and pipes. Dispose of it before printing anything else. */
export class ReadingLine implements Disposable {
  readonly #enabled: boolean;
  #percent = -1;

  constructor(wanted: boolean) {
    this.#enabled = wanted && Deno.stdout.isTerminal();
  }

  /** Draws the line anew where a percent has been added. */
  show(done: number, total: number): void {
    const percent = Math.floor(100 * done / total);
    if (!this.#enabled || percent === this.#percent) return;
    this.#percent = percent;
    this.#write(`\rReading images  ${done}/${total}  ${percent}%`);
  }

  /** Erases the line. */
  [Symbol.dispose](): void {
    if (this.#percent >= 0) this.#write("\r\x1b[K");
  }

  #write(text: string): void {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
  }
}
