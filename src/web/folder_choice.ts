// Where the images come from: the demo data, or a folder of the visitor's own, chosen here and read in the browser.

/// <reference lib="dom" />

import { counted } from "../report/format.ts";
import type { ChosenFolder } from "./chosen_files.ts";

/** What not every browser has, and so TypeScript does not know. */
interface DirectoryPicker {
  showDirectoryPicker?(options: { id: string }): Promise<FileSystemDirectoryHandle>;
}

/** The part of the page that says which images are used. */
export class FolderChoice {
  #folder: ChosenFolder | null = null;
  #waiting: PromiseWithResolvers<ChosenFolder | null> | null = null;
  /** goes up with every choice, and where one comes too late: an earlier one counts no more */
  #choice = 0;
  readonly #choose: HTMLButtonElement;
  readonly #demo: HTMLButtonElement;
  readonly #input: HTMLInputElement;

  /**
   * @param place has the buttons `#choose` and `#demo`, the file input `#folder`, and `#chosen` for words
   * @param onChange called after every choice, with why the folder cannot be looked through, or null
   */
  constructor(
    private readonly place: HTMLElement,
    private readonly onChange: (problem: string | null) => void,
  ) {
    this.#choose = place.querySelector<HTMLButtonElement>("#choose")!;
    this.#demo = place.querySelector<HTMLButtonElement>("#demo")!;
    this.#input = place.querySelector<HTMLInputElement>("#folder")!;
    this.#choose.addEventListener("click", () => this.choose().catch((e) => onChange(e.message)));
    this.#demo.addEventListener("click", () => this.#take(null));
    this.#input.addEventListener("change", () => this.#takeFiles([...this.#input.files!]));
    this.#input.addEventListener("cancel", () => this.#waiting?.resolve(null));
    this.#show();
  }

  /** The one that was chosen; null: the demo data. */
  get folder(): ChosenFolder | null {
    return this.#folder;
  }

  /**
   * Lets the visitor choose one; only in answer to a click.
   *
   * @returns null if none was chosen
   * @throws {Error} if it cannot be looked through
   */
  async choose(): Promise<ChosenFolder | null> {
    const choice = ++this.#choice;
    const picker = globalThis as DirectoryPicker;
    if (picker.showDirectoryPicker === undefined) return await this.#chooseByInput();
    try {
      const handle = await picker.showDirectoryPicker({ id: "prrfl-images" });
      this.#words(`Looking through ${handle.name} …`);
      const files = await filesBelow(handle);
      return choice === this.#choice ? this.#take({ name: handle.name, files }) : null;
    } catch (error) {
      const { name, message } = error as Error;
      if (choice !== this.#choice) return null;
      this.#show();
      if (name === "AbortError") return null; // the visitor has closed the dialog
      throw new Error(`Cannot look through the folder: ${message}`);
    }
  }

  /** While a run is under way its images stay, and a choice that is still being made is given up. */
  enable(enabled: boolean): void {
    if (!enabled && !this.#choose.disabled) {
      this.#choice++;
      this.#waiting?.resolve(null);
      this.#show();
    }
    this.#choose.disabled = !enabled;
    this.#demo.disabled = !enabled;
  }

  /** Goes back to the demo data. */
  useDemo(): void {
    this.#take(null);
  }

  /** What was noticed about the images. */
  warn(warnings: readonly string[]): void {
    this.place.querySelector("#warnings")!.replaceChildren(...warnings.map((warning) => {
      const item = document.createElement("li");
      item.textContent = warning;
      return item;
    }));
  }

  #chooseByInput(): Promise<ChosenFolder | null> {
    this.#waiting?.resolve(null);
    this.#waiting = Promise.withResolvers();
    this.#input.value = ""; // so that the same folder can be chosen again
    this.#input.click();
    return this.#waiting.promise;
  }

  #takeFiles(files: readonly File[]): void {
    if (this.#choose.disabled) return; // the dialog was open when a run began
    const byPath = new Map(files.map((file) => [file.webkitRelativePath || file.name, file]));
    const [first] = byPath.keys();
    const folder = first === undefined ? null : { name: first.split("/")[0], files: byPath };
    this.#take(folder);
    this.#waiting?.resolve(folder);
  }

  #take(folder: ChosenFolder | null): ChosenFolder | null {
    this.#folder = folder;
    this.#show();
    this.onChange(null);
    return folder;
  }

  #show(): void {
    const folder = this.#folder;
    this.warn([]);
    this.#demo.hidden = folder === null;
    this.#words(
      folder === null
        ? "the built-in demo data"
        : `your folder “${folder.name}” (${
          counted(folder.files.size, "file")
        }), which no link can hold`,
    );
  }

  #words(words: string): void {
    this.place.querySelector("#chosen")!.textContent = words;
  }
}

/** All files below a folder, at any depth. */
async function filesBelow(
  top: FileSystemDirectoryHandle,
): Promise<Map<string, FileSystemFileHandle>> {
  const files = new Map<string, FileSystemFileHandle>();
  const folders = [{ path: top.name, handle: top }];
  for (const { path, handle } of folders) { // which grows
    for await (const found of handle.values()) {
      const below = `${path}/${found.name}`;
      if (found.kind === "directory") folders.push({ path: below, handle: found });
      else files.set(below, found);
    }
  }
  return files;
}
