// The command `data synthesize`: writes the demo data as a folder that can be looked at and trained from.

import { demoDataset } from "../data/demo.ts";
import { planOfDataset, writeDatasetFolder } from "../data/write_folder.ts";
import { createFolderAtomic, expectNewFolder } from "../io/files.ts";
import { counted } from "../report/format.ts";
import { synthesizeFlags, type SynthesizeOptions } from "./data_flags.ts";
import { demoPreset } from "./flags.ts";
import { demoSeed } from "./load_dataset.ts";
import { resolveOptions } from "./options.ts";
import { ReadingLine } from "./reading_line.ts";

/** As `--data demo` has them in `demo`. */
const preset: Partial<SynthesizeOptions> = { imageSize: demoPreset.imageSize, seed: demoSeed };

/**
 * Writes a folder from which training gives the numbers that it gives with `--data demo`.
 *
 * @throws {UsageError | DataError} saying what is wrong and what to do
 * @throws {Deno.errors.AlreadyExists} if there is something where the folder should go
 */
export async function synthesize(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options } = resolveOptions(args, synthesizeFlags, preset);
  const { out, imageSize, clients, ...rest } = options;
  await expectNewFolder(out);
  let images = 0;
  {
    using line = new ReadingLine(true, "Synthesizing images");
    const onProgress = (done: number, total: number) => {
      signal.throwIfAborted();
      line.show(done, total);
    };
    const dataset = await demoDataset({
      ...rest,
      imageSize,
      clients: clients ?? undefined,
      onProgress,
    });
    await createFolderAtomic(
      out,
      (temporary) =>
        writeDatasetFolder(temporary, planOfDataset(dataset), imageSize, (done) => {
          signal.throwIfAborted();
          images = done;
        }),
    );
  }
  console.log(`${out}: ${counted(images, "image")} of ${imageSize}×${imageSize} pixels`);
  console.log(`Train from it with --data ${out} --image-size ${imageSize}`);
}
