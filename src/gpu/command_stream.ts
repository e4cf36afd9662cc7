// The commands of a device in their order: on their way to the queue, or into a recording.

import type { BufferPool } from "./buffers.ts";
import type { Failures } from "./failures.ts";
import {
  type Arena,
  type Command,
  CommandWriter,
  type Recording,
  type Writer,
} from "./recording.ts";

/** Commands go to the queue in groups of about this many. */
const commandsPerSubmit = 256;
/**
 * And of no more than so many operations, unless one command alone has more (products in tiles never do): systems take a device that is busy with one
 * group for longer than some two seconds for hung, and a small card that reaches a quarter of its teraflop needs less
 * than half a second for these.
 */
export const workPerSubmit = 1e11;

/** Takes commands one by one; the order of calls is the order of effects. */
export class CommandStream {
  #writer: Writer;
  #recording: { readonly commands: Command[]; readonly pool: BufferPool } | null = null;
  #recordings = 0;

  constructor(device: GPUDevice, private readonly failures: Failures) {
    this.#writer = new CommandWriter(device);
  }

  /** Which sequence commands go to now: 0, or the number of the recording being made. */
  get number(): number {
    return this.#recording ? this.#recordings : 0;
  }

  /** Where the memory of the recording being made comes from; null where none is. */
  get recordingPool(): BufferPool | null {
    return this.#recording?.pool ?? null;
  }

  /** @throws {TypeError} while a recording is made */
  expectNoRecording(action: string): void {
    if (this.#recording) throw new TypeError(`Cannot ${action}`);
  }

  issue(command: Command): void {
    if (this.#recording) this.#recording.commands.push(command);
    else this.#encode(command);
  }

  /** Sends what has been issued to the device. @throws {GpuError} if anything is known to have gone wrong */
  flush(): void {
    this.failures.throwIfAny();
    this.submit();
  }

  /** The same without asking whether anything went wrong. */
  submit(): void {
    this.#writer.submit();
  }

  /** Records what `body` issues, without running it. */
  record(arena: Arena, body: () => void): Recording {
    this.expectNoRecording("record within a recording");
    const commands: Command[] = [];
    this.#recordings++;
    this.#recording = { commands, pool: arena.pool };
    try {
      body();
    } finally {
      this.#recording = null;
    }
    return { commands, replay: () => commands.forEach((command) => this.#encode(command)) };
  }

  /** Runs `body` as if no recording were made. */
  outsideRecording<T>(body: () => T): T {
    const recording = this.#recording;
    this.#recording = null;
    try {
      return body();
    } finally {
      this.#recording = recording;
    }
  }

  /** While `body` runs, another writer takes the commands. @throws {TypeError} if one does already */
  async through(writer: Writer, body: () => Promise<void>): Promise<void> {
    const before = this.#writer;
    if (!(before instanceof CommandWriter)) {
      throw new TypeError("Cannot profile within a profile");
    }
    this.#writer = writer;
    try {
      await body();
    } finally {
      writer.submit();
      this.#writer = before;
    }
  }

  #encode(command: Command): void {
    const work = command.kind === "dispatch" ? command.use.work ?? 0 : 0;
    if (this.#writer.count > 0 && this.#writer.work + work > workPerSubmit) this.flush();
    this.#writer.encode(command);
    if (this.#writer.count >= commandsPerSubmit) this.flush();
  }
}
