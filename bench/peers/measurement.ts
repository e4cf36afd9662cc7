// What the process that measures tells the one that compares, as JSON lines.

import type { PeerName } from "./peers.ts";
import type { Workload } from "./workloads.ts";

/** One peer's times in one case. */
export interface Measurement {
  readonly workload: Workload;
  readonly case: string;
  readonly peer: PeerName;
  readonly version: string;
  /** median time of a run */
  readonly ms: number;
  /** largest error, as a share; a peer that is wrong has no time */
  readonly error: number;
}

/** A case that a peer could not do. */
export interface Failure {
  readonly workload: Workload;
  readonly case: string | null;
  readonly peer: PeerName;
  readonly failure: string;
}
