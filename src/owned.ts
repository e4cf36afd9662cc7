// Resources that are given back together, the last one first: as a DisposableStack, which Node 20 lacks.

/** Gives back what it owns at the end of its scope, or when it is told to. */
export class Owned implements Disposable {
  #endings: (() => void)[] = [];

  /** Owns a resource. @returns it */
  use<T extends Disposable>(resource: T): T {
    this.#endings.push(() => resource[Symbol.dispose]());
    return resource;
  }

  /** Owns a value that `end` gives back. @returns it */
  adopt<T>(value: T, end: (value: T) => void): T {
    this.#endings.push(() => end(value));
    return value;
  }

  /** Calls `end` at the end. */
  defer(end: () => void): void {
    this.#endings.push(end);
  }

  /** Hands all of it over to a new owner. */
  move(): Owned {
    const owner = new Owned();
    [owner.#endings, this.#endings] = [this.#endings, []];
    return owner;
  }

  /** All is given back, whatever fails; the first failure is thrown then. */
  dispose(): void {
    const failures: unknown[] = [];
    for (const end of this.#endings.splice(0).reverse()) {
      try {
        end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
