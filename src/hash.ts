// A hash of 64 bits, to notice by accident that two things differ; no one is kept from making two that agree.

/**
 * Two chains of 32 bits, one of every other word, for a processor runs them side by side. Each step can be undone,
 * so that a change of a single word always shows at the end.
 */
export class Hash {
  #first = 0x9e3779b9;
  #second = 0x85ebca6b;

  add(bytes: Uint8Array): void {
    const words = wordsOf(bytes);
    let [first, second] = [this.#first, this.#second];
    for (let i = 0; i < words.length; i += 2) {
      first = Math.imul(first ^ words[i], 0x9e3779b1); // odd
      first ^= first >>> 15; // or high bits would never reach low ones
      second = Math.imul(second ^ words[i + 1], 0x9e3779b1);
      second ^= second >>> 15;
    }
    this.#first = first;
    this.#second = second;
  }

  /** Sixteen hexadecimal digits. */
  get digits(): string {
    const halves = [this.#first, this.#second];
    return halves.map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

/** Words in pairs, zeros behind the last byte; a copy where they do not lie so already. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteOffset % 4 === 0 && byteLength % 8 === 0) {
    return new Uint32Array(buffer, byteOffset, byteLength / 4);
  }
  const padded = new Uint8Array(Math.ceil(byteLength / 8) * 8);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}
