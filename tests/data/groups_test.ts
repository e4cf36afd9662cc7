// Images that belong together, by one column or several.

import { DataError } from "../../src/data/data_error.ts";
import { chooseGroupColumns, countedGroups, groupsBy } from "../../src/data/groups.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const choose = (header: string[], wanted: string | null = null) =>
  chooseGroupColumns([{ header, path: "t.csv" }], wanted);

Deno.test("chooseGroupColumns() takes lesion and patient, in any case, or what the user names", () => {
  assertEquals(choose(["Lesion_ID", "dx"]), { used: ["Lesion_ID"], unused: [] });
  assertEquals(choose(["patient id"]), { used: ["patient id"], unused: [] });
  assertEquals(choose(["patient_id", "lesion_id"]).used, ["lesion_id", "patient_id"]);
  assertEquals(choose(["patient_id", "visit"], "VISIT"), {
    used: ["visit"],
    unused: ["patient_id"],
  });
  assertThrows(() => choose(["a"], "b"), DataError, "Cannot use b for --group-column");
  assertThrows(() => choose(["lesion_id", "lesion_id"]), DataError, "2 columns lesion_id");
});

Deno.test("chooseGroupColumns() notices columns that look as if they told the person or lesion", () => {
  const looks = [
    "Subject",
    "subject_id",
    "case number",
    "participant_id",
    "old_lesion",
    "PatientID",
  ];
  for (const name of looks) assertEquals(choose(["dx", name]).unused, [name], name);
  const doesNot = ["case_type", "showcase", "lesion_size", "patient_age", "dx", "age"];
  assertEquals(choose(doesNot).unused, []);
});

Deno.test("groupsBy() joins images that share a value, directly or through another image", () => {
  const images = [
    { lesion: "1", patient: "P" },
    { lesion: "2", patient: "Q" },
    { lesion: "1", patient: "" },
    { lesion: "2", patient: "P" },
    { lesion: "nan", patient: "1" },
    { lesion: "", patient: "" },
  ];
  const names = groupsBy(images, ["lesion", "patient"]);
  assertEquals(names, ["lesion 1", "lesion 1", "lesion 1", "lesion 1", "patient 1", null]);
  assertEquals(groupsBy(images, ["lesion"]), [
    ...["lesion 1", "lesion 2", "lesion 1", "lesion 2", null, null],
  ]);
  const nobodyKnows = [{ lesion: "1", patient: "" }, { lesion: "2", patient: "" }];
  assertEquals(groupsBy(nobodyKnows, ["lesion", "patient"]), ["lesion 1", "lesion 2"]);
  assertEquals(groupsBy(images, []), [null, null, null, null, null, null]);
});

Deno.test("countedGroups() has a noun for them", () => {
  assertEquals(countedGroups(1, ["lesion_id"]), "1 lesion");
  assertEquals(countedGroups(2, ["Patient ID"]), "2 patients");
  assertEquals(countedGroups(3, ["visit"]), "3 values of visit");
});
