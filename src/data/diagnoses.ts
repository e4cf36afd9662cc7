// Short names of skin lesions, as HAM10000 has them, for the names in other collections.

const names: Readonly<Record<string, readonly string[]>> = {
  nv: ["nevus", "naevus", "melanocytic nevi"],
  mel: ["melanoma"],
  bkl: [
    ...["seborrheic keratosis", "benign keratosis", "pigmented benign keratosis"],
    "benign keratosis-like lesions",
  ],
  bcc: ["basal cell carcinoma"],
  akiec: ["ak", "actinic keratosis", "actinic keratoses and intraepithelial carcinoma"],
  scc: ["squamous cell carcinoma"],
  df: ["dermatofibroma"],
  vasc: ["vascular lesion", "vascular lesions"],
  unk: [],
};

const shortNames = new Map(
  Object.entries(names).flatMap(([short, long]) => [short, ...long].map((name) => [name, short])),
);

/** "Melanoma" → "mel", "seborrheic_keratosis" → "bkl", "AK" → "akiec"; any other name stays as it is. */
export function className(name: string): string {
  return shortNames.get(nameKey(name)) ?? name;
}

/** Is it the name of a skin lesion? */
export function isDiagnosis(name: string): boolean {
  return shortNames.has(nameKey(name));
}

/** Names with this in common are one: letters in any case, with spaces or underscores between. */
export function nameKey(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[\s_]+/g, " ");
}

/** The classes of DermaMNIST by label, in `medmnist.INFO["dermamnist"]`. */
export const dermaMnistClasses = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"] as const;
