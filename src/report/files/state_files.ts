// The states of a run in `resume/` of its folder: the newest and one before, each written whole or not at all.

import { join } from "@std/path";
import type { SimulationState } from "../../federated/recovery/state.ts";
import { readPlainFile, syncFile, writeFileAtomic } from "../../io/files.ts";
import { RunFolderError } from "../run_folder_error.ts";
import { decodeState, encodeState, type StoredState } from "./stored_state.ts";

/** In a run folder. */
export const resumeFolder = "resume";

const newest = "state.safetensors";
const before = "previous.safetensors";
const lockFile = "lock";

/** What is there to go on from, and a sentence if the newest state is not it. */
export interface UsableState {
  readonly stored: StoredState;
  readonly notice: string | null;
}

/** Why a state cannot be used, in words that follow its name; null if it can. */
export type Refusal = (state: SimulationState) => string | null;

/** Another process is training the run. */
export class RunInUseError extends RunFolderError {}

/** Reads and writes states; as long as it is not disposed of, no other process can do that in this run folder. */
export class StateFiles implements Disposable {
  readonly #run: string;
  readonly #folder: string;
  readonly #lock: Deno.FsFile;
  #writing: Promise<void> = Promise.resolve();
  /** whether the newest is kept when another one comes: if it is whole, as far as is known, and any run can go on from it */
  #newestIsKept = false;
  /** where the state is that was read last */
  #read: string | null = null;

  private constructor(run: string, lock: Deno.FsFile) {
    this.#run = run;
    this.#folder = join(run, resumeFolder);
    this.#lock = lock;
  }

  /** For a new run. */
  static async create(run: string): Promise<StateFiles> {
    await Deno.mkdir(join(run, resumeFolder));
    return await StateFiles.claim(run);
  }

  /**
   * For a run that was stopped.
   *
   * @throws {RunInUseError} if another process is training it
   * @throws {RunFolderError} if it never stored a state
   */
  static async claim(run: string): Promise<StateFiles> {
    const path = join(run, resumeFolder, lockFile);
    const lock = await Deno.open(path, { write: true, create: true }).catch((error) => {
      throw error instanceof Deno.errors.NotFound ? cannotResume(run, nothing) : error;
    });
    if (await lock.tryLock(true)) return new StateFiles(run, lock);
    lock.close();
    throw new RunInUseError(
      `Cannot resume ${run}: another process is training it at this moment; wait for its end or stop it`,
    );
  }

  /**
   * Begins to store a state; training goes on meanwhile. The newest state and the one before it are kept. Of states within a
   * local epoch only the newest is kept, because a run with other groups of clients cannot resume from one.
   * Errors of the file system are thrown by the next call of this or `settled()`.
   */
  async store(stored: StoredState): Promise<void> {
    await this.#writing;
    this.#writing = this.#write(stored);
    this.#writing.catch(() => {}); // whoever waits for it next sees the error
  }

  /** Waits until all is stored. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /**
   * The newest state that is whole, that the growing files reach and that is not refused, else the one before.
   *
   * @throws {RunFolderError} if there is none, saying what is wrong
   */
  async read(refuse: Refusal): Promise<UsableState> {
    const problems: string[] = [];
    let remedy = "start another run";
    for (const name of [newest, before]) {
      const path = join(this.#folder, name);
      try {
        const stored = await decodeState(await readPlainFile(path));
        await this.#expectLengths(stored);
        const reason = refuse(stored.state);
        if (reason !== null) {
          problems.push(`${path} ${reason}`);
          remedy = "leave that setting as it was";
          continue;
        }
        this.#read = path;
        this.#newestIsKept = name === newest && isForAll(stored);
        const notice = problems.length === 0
          ? null
          : `${problems[0]}; the state before it is taken instead`;
        return { stored, notice };
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue; // it was about to be replaced
        if (!(error instanceof SyntaxError)) throw error;
        problems.push(`${path} is damaged (${error.message})`);
      }
    }
    throw cannotResume(this.#run, problems.join(", and ") || nothing, remedy);
  }

  /** Goes on from the state read last: a newer one will never be, for the files that grow are about to be cut. */
  async discardNewer(): Promise<void> {
    const path = join(this.#folder, newest);
    if (this.#read === null || this.#read === path) return;
    await Deno.rename(this.#read, path);
    this.#newestIsKept = true;
  }

  /** Removes the states: the run is finished. */
  async remove(): Promise<void> {
    await this.#writing;
    this[Symbol.dispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  [Symbol.dispose](): void {
    // Closing alone is not enough: a process that is being started at this moment still has the file open.
    this.#lock.unlockSync();
    this.#lock.close();
  }

  async #write(stored: StoredState): Promise<void> {
    const bytes = await encodeState(stored);
    for (const path of Object.keys(stored.lengths)) await syncFile(join(this.#run, path));
    const path = join(this.#folder, newest);
    if (this.#newestIsKept) await Deno.rename(path, join(this.#folder, before));
    this.#newestIsKept = false; // if the disk is full now, the one before stays
    await writeFileAtomic(path, bytes);
    this.#newestIsKept = isForAll(stored);
  }

  /** @throws {SyntaxError} if a file is shorter than it was */
  async #expectLengths({ lengths }: StoredState): Promise<void> {
    for (const [path, length] of Object.entries(lengths)) {
      const size = await Deno.stat(join(this.#run, path)).then(({ size }) => size, () => 0);
      if (size < length) {
        throw new SyntaxError(`${path} has ${size} bytes, but had ${length} when it was stored`);
      }
    }
  }
}

const nothing = `it holds no ${join(resumeFolder, newest)}`;

/** Whether runs that group the clients otherwise can go on from a state too. */
function isForAll({ state }: StoredState): boolean {
  return state.position.at !== "step";
}

function cannotResume(
  run: string,
  reason: string,
  remedy = "start another run",
): RunFolderError {
  return new RunFolderError(`Cannot resume ${run}: ${reason}; ${remedy}`);
}
