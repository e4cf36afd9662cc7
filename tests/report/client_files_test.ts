// Names of clients that are part of files' names: what fits is written, and what does not is refused beforehand.

import { join } from "@std/path";
import { mostNameBytes, nameBytes } from "../../src/io/file_name.ts";
import { writeFileAtomic } from "../../src/io/files.ts";
import { checkClientFiles } from "../../src/report/files/client_files.ts";
import { checkpointFile } from "../../src/report/files/file_names.ts";
import { RunFolderError } from "../../src/report/run_folder_error.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";

const roles = ["personal", "deputy"];
const refuses = (clients: readonly string[], message: string, own = roles) =>
  assertThrows(() => checkClientFiles(clients, own), RunFolderError, message);

Deno.test("checkClientFiles() takes exactly the names with which a checkpoint can be written", async () => {
  using folder = new TemporaryFolder();
  const write = (client: string) => {
    const file = checkpointFile({ reason: "best", client, role: "personal" });
    return writeFileAtomic(join(folder.path, file), "");
  };
  await Deno.mkdir(join(folder.path, "best"));
  for (const letter of ["x", "é", "眼", "🔬"]) {
    const bytes = nameBytes(letter);
    const most = Math.floor((mostNameBytes - "client_personal.safetensors".length) / bytes);
    const [longest, longer] = [most, most + 1].map((count) => letter.repeat(count));
    checkClientFiles([longest], roles);
    await write(longest);
    refuses([longer], `give it a name of at most 187 bytes in the data folder, or leave it out`);
    await assertRejects(() => write(longer), Error);
  }
  assertEquals(nameBytes("眼"), 3);
  refuses(["眼".repeat(64)], "its name has 192 bytes");
  refuses(["A", "x".repeat(200)], `Cannot train client ${"x".repeat(200)}: its name has 200 bytes`);
});

Deno.test("checkClientFiles() goes by the longest role of all runs", () => {
  const name = "x".repeat(190);
  checkClientFiles([name], ["local"]);
  refuses([name], "would have 217, but 214 are the most", ["local", "personal"]);
});

Deno.test("checkClientFiles() refuses names that some file system takes for one", () => {
  checkClientFiles(["A", "B", "AB", "a b", "ab ", "10", "1"], roles);
  refuses(["clinic", "Clinic"], "Cannot train client Clinic beside clinic: where a file system");
  const [composed, decomposed] = ["NFC", "NFD"].map((form) => "Zürich".normalize(form));
  assert(composed !== decomposed);
  refuses([composed, decomposed], "are one file; rename one of the clients");
  refuses(["Straße", "STRASSE"], '"clientSTRASSE_personal.safetensors" are one file');
  refuses(["A", "A_b"], "beside A:", ["b_b", "b"]); // clientA_b_b twice
});
