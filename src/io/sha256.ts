// SHA-256 as text, by which files and settings are told apart.

/** 64 hexadecimal digits. */
export async function sha256(bytes: ArrayBufferView<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
