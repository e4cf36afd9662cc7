// What a method shares, asked of it in other words.

import { type FederatedMethod, type SharedKind, sharedKinds, type Sharing } from "./method.ts";

/** What the server does with each kind of tensor, for reports; null where clients keep their own. */
export function sharesOf(sharing: Sharing | null): Record<SharedKind, string | null> {
  const shares = sharedKinds.map((kind) => [kind, sharing?.exchange(kind)?.title ?? null]);
  return Object.fromEntries(shares);
}

/** The role whose whole model every client receives from the server, one and the same; null if there is none. */
export function sharedAsWhole({ sharing }: FederatedMethod): string | null {
  const isWhole = sharing?.receivers === "all" &&
    sharedKinds.every((kind) => sharing.exchange(kind) !== null);
  return isWhole ? sharing.role : null;
}
