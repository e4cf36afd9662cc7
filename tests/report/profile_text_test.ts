// A profile as a table.

import { profileText } from "../../src/report/terminal/profile_text.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import { assertEquals } from "../assert.ts";
import { madeUpProfile } from "./made_up_profile.ts";

Deno.test("profileText() tells times per step, speeds, the nearer ceiling and the memory", () => {
  assertEquals(
    profileText(madeUpProfile, plainStyle),
    `Profile of round 1, epoch 2, training steps 2 to 3, per step

  kernel               calls    ms  share %  GFLOP/s  GB/s  ceiling %
  conv.wgsl correlate      2  6.00     75.0     50.0  0.33     50.0 a
  sgd.wgsl step            1  1.50     18.8           2.00     40.0 m
  copy                     1  0.50      6.3           5.00    100.0 m
  all                      4  8.00    100.0     37.5  0.94     51.2

  part of the step    ms  share %
  forward           6.50     81.3
  update            1.50     18.8

  ms         one kernel after the other: 8.0 of 10.0 ms are in kernels
  GFLOP/s    of the direct algorithm's operations, whatever a kernel does; blank: not counted
  GB/s       of all that is bound, twice where read and written; a gather visits only parts
  ceiling %  of arithmetic (a) or memory (m), whichever is nearer
  ceilings   100 GFLOP/s of multiply-adds, 5.00 GB/s of a kernel that copies
  memory     123 MB at most until then, in use or kept for use, 4.5 MB of it in arenas

`,
  );
});
