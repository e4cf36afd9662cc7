// The stages of Deputy-Enhanced Transfer, as the official code decides them.

import { join } from "@std/path";
import { type TransferStage, transferStage } from "../../src/federated/methods/transfer_stage.ts";
import { assertEquals } from "../assert.ts";
import { goldenTest, readDescription, vectorFolder } from "../golden.ts";

/** Sequences of epochs, and a grid of single decisions; a number that is none is a string. */
interface Stages {
  readonly sequences: readonly {
    readonly name: string;
    readonly alpha1: number;
    readonly alpha2: number;
    readonly steps: readonly {
      readonly f1_personal: number | string;
      readonly f1_deputy: number | string;
      readonly stage_before: TransferStage | 0;
      readonly stage: TransferStage;
    }[];
  }[];
  readonly grid: {
    readonly alpha1: number;
    readonly alpha2: number;
    /** stage before, F1 of the personal model, F1 of the deputy, stage */
    readonly rows: readonly (readonly [TransferStage | 0, number, number, TransferStage])[];
  };
}

Deno.test("transferStage() decides as the official code", () =>
  checkStages(vectorFolder, "det_stages"));

goldenTest(
  "transferStage() decides as the official code in all golden cases",
  (folder) => checkStages(join(folder, "det"), "stages"),
);

async function checkStages(folder: string, name: string): Promise<void> {
  const { sequences, grid } = await readDescription<Stages>(folder, name);
  for (const { name, steps, alpha1, alpha2 } of sequences) {
    for (const [index, step] of steps.entries()) {
      const [deputy, personal] = [Number(step.f1_deputy), Number(step.f1_personal)];
      const stage = transferStage(step.stage_before, deputy, personal, { alpha1, alpha2 });
      assertEquals(stage, step.stage, `${name}, step ${index}`);
    }
  }
  const { alpha1, alpha2, rows } = grid;
  for (const [before, personal, deputy, stage] of rows) {
    const label = `stage ${before}, F1 ${personal} and ${deputy}`;
    assertEquals(transferStage(before, deputy, personal, { alpha1, alpha2 }), stage, label);
  }
}

Deno.test("transferStage() takes the paper's shares by default", () => {
  assertEquals(transferStage(1, 69, 100), 1);
  assertEquals(transferStage(1, 71, 100), 2);
  assertEquals(transferStage(2, 89, 100), 2);
  assertEquals(transferStage(2, 91, 100), 3);
});
