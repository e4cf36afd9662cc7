// Scopes: what is created in one and not kept is given back at its end.

/** What a scope gives back. */
export interface Scoped {
  /** Gives its memory back. */
  dispose(): void;
}

/** Scopes inside each other, the innermost last. */
export class Scopes {
  readonly #open: Set<Scoped>[] = [];

  /** Opens one inside those that are open. Use with `using`. */
  open(): Disposable {
    const items = new Set<Scoped>();
    this.#open.push(items);
    return {
      [Symbol.dispose]: () => {
        if (this.#open.at(-1) !== items) {
          throw new TypeError("Cannot end a scope: a scope opened inside it has not ended");
        }
        this.#open.pop();
        for (const item of items) item.dispose();
      },
    };
  }

  /** Puts an item under the innermost one, if there is one. */
  track(item: Scoped): void {
    this.#open.at(-1)?.add(item);
  }

  /** Takes an item out of all of them. */
  keep(item: Scoped): void {
    for (const items of this.#open) items.delete(item);
  }

  /** Runs `body` as if none were open. */
  outside<T>(body: () => T): T {
    const open = this.#open.splice(0);
    try {
      return body();
    } finally {
      this.#open.push(...open);
    }
  }
}
