// Numbers, durations and names as people read them.

import type { MeanMetrics } from "../metrics/classification.ts";

/** "63.2"; "n/a" for null. */
export function percent(value: number | null): string {
  return value === null ? "n/a" : value.toFixed(1);
}

/** "72.2", or of a mean "72.2 (3 of 4)" where fewer have an AUC than there are. */
export function aucText(metrics: MeanMetrics): string {
  return percent(metrics.auc) + membersText(metrics);
}

/** " (3 of 4)", or nothing where an AUC is over all. */
export function membersText({ aucOf }: Pick<MeanMetrics, "aucOf">): string {
  return aucOf ? ` (${aucOf.defined} of ${aucOf.members})` : "";
}

/** "0.712": a loss, nats. */
export function loss(value: number): string {
  return value.toFixed(3);
}

/** A setting as one would type it: "1e-6", "0.01", "vgg_nb", "none" for null. */
export function settingText(value: string | number | boolean | null): string {
  if (value === null) return "none";
  const isTiny = typeof value === "number" && value !== 0 && Math.abs(value) < 1e-3;
  return isTiny ? value.toExponential() : String(value);
}

/** The same for a value read from a file, which may be anything: "none" where it is missing. */
export function recordedText(value: unknown): string {
  const isObject = typeof value === "object" && value !== null;
  if (isObject) return JSON.stringify(value);
  return settingText((value ?? null) as string | number | boolean | null);
}

/** "+1.2", "−1.2" or "±0.0" percentage points; "n/a" for null. */
export function change(value: number | null): string {
  if (value === null) return "n/a";
  const digits = Math.abs(value).toFixed(1);
  const sign = Number(digits) === 0 ? "±" : value < 0 ? "−" : "+";
  return sign + digits;
}

/** A mean and the ends of its interval, "63.2 [58.1, 68.0]"; without brackets where there is none. */
export function intervalText(
  value: number | null,
  { low, high }: { readonly low: number | null; readonly high: number | null },
  shown: (value: number | null) => string = percent,
): string {
  if (value === null || low === null || high === null) return shown(value);
  return `${shown(value)} [${shown(low)}, ${shown(high)}]`.replaceAll("-", "−"); // of few seeds
}

/** "0:07", "12:05" or "1:02:03" of a time in milliseconds. */
export function duration(milliseconds: number): string {
  const total = Math.round(milliseconds / 1000);
  const seconds = String(total % 60).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  if (hours === 0) return `${minutes}:${seconds}`;
  return `${hours}:${String(minutes).padStart(2, "0")}:${seconds}`;
}

/** "0:07", "12:05" or, where seconds do not matter, "1h02m" of a time in milliseconds. */
export function roughDuration(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 60) return duration(milliseconds);
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

/** "1 epoch", "2 epochs". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Lines of at most so many letters, broken between words. */
export function wrapped(text: string, letters: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = `${lines[lines.length - 1]} ${word}`.trim();
    if (line.length > letters) lines.push(word);
    else lines[lines.length - 1] = line;
  }
  return lines;
}

/** Letters of a name for which a picture has room. */
const roomForName = 24;

/**
 * A name that fits a picture.
 *
 * @param mark tells it from others that begin alike; default none
 */
export function shortened(name: string, mark = ""): string {
  const letters = [...name];
  if (letters.length <= roomForName) return name;
  return `${letters.slice(0, roomForName - 1 - mark.length).join("")}…${mark}`;
}

/** What a bootstrap takes for independent; whether the data tell lesions or patients. */
export function independenceWords(isGrouped: boolean): string {
  return isGrouped
    ? "images of one lesion or patient drawn together where the lists tell it"
    : "each image counting as independent";
}
