// Tables of labels as HAM10000, the ISIC challenges and the ISIC archive have them.

import { DataError } from "../../src/data/data_error.ts";
import { parseLabelTable, parseLesions, parseMetadata } from "../../src/data/label_table.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const classes = (text: string) =>
  parseLabelTable(text, "t.csv").map(({ id, className }) => `${id} ${className}`);

function assertRejected(text: string, message: string): void {
  assertEquals(assertThrows(() => parseLabelTable(text, "t.csv"), DataError).message, message);
}

Deno.test("parseLabelTable() reads HAM10000_metadata.csv with its further columns", () => {
  const text = "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\r\n" +
    "HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp,vidir_modern\r\n";
  assertEquals(parseLabelTable(text, "t.csv"), [{
    id: "ISIC_0027419",
    className: "bkl",
    fields: {
      lesion_id: "HAM_0000118",
      image_id: "ISIC_0027419",
      dx: "bkl",
      dx_type: "histo",
      age: "80.0",
      sex: "male",
      localization: "scalp",
      dataset: "vidir_modern",
    },
    source: "t.csv line 2",
  }]);
});

Deno.test("parseLabelTable() reads the one-hot columns of ISIC 2018 and 2019", () => {
  const text = "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\n" +
    "ISIC_0000001,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\nISIC_0000002_downsampled,0,0,0,1,0,0,0,0,0\n";
  assertEquals(classes(text), ["ISIC_0000001 nv", "ISIC_0000002_downsampled akiec"]);
});

Deno.test("parseLabelTable() reads ISIC 2017, where neither of two is a naevus", () => {
  const text = "image_id,melanoma,seborrheic_keratosis\na,0.0,0.0\nb,1.0,0.0\nc,0.0,1.0\n";
  assertEquals(classes(text), ["a nv", "b mel", "c bkl"]);
});

Deno.test("parseLabelTable() reads diagnoses and labels in words", () => {
  assertEquals(classes("isic_id,diagnosis\na,nevus\nb,Seborrheic Keratosis\n"), ["a nv", "b bkl"]);
  assertEquals(classes("image_name,label\na.jpg,cat\nb.PNG,3\n"), ["a cat", "b 3"]);
});

Deno.test("parseLabelTable() rejects tables without the columns", () => {
  assertRejected(
    "name,dx\na,nv\n",
    "Cannot use t.csv: it has no column of image identifiers: name it image_id or isic_id or image " +
      "or image_name (columns name, dx)",
  );
  assertRejected(
    "image,MEL,age\na,1,3\n",
    "Cannot use t.csv: it has no column of labels: name it dx or diagnosis or label, or have a column " +
      "of 0 and 1 for each of MEL, NV, BKL and so on (columns image, MEL, age)",
  );
});

Deno.test("parseLabelTable() rejects rows without a single class", () => {
  for (const row of ["1,1", "0,0", "0.5,0.5", ",1", "1"]) {
    assertRejected(
      `image,MEL,NV\nx,0,1\na,${row}\n`,
      "Cannot use t.csv line 3: of MEL, NV exactly one has to be 1 and the others 0; " +
        "put it right or remove the line",
    );
  }
  assertRejected(
    "image,dx\na,\n",
    "Cannot use t.csv line 2: it has no dx; fill it in or remove the line",
  );
  assertRejected(
    "image,dx\n,nv\n",
    "Cannot use t.csv line 2: it has no image; fill it in or remove the line",
  );
});

Deno.test("parseLabelTable() rejects an image that occurs twice, ending or not", () => {
  assertRejected(
    "image,dx\na,nv\na.jpg,mel\n",
    "Cannot use t.csv line 3: t.csv line 2 has image a already; remove one of them",
  );
});

Deno.test("parseMetadata() and parseLesions() read by identifier", () => {
  const text = "isic_id,lesion_id,site\na,L1,arm\nb,,leg\n";
  assertEquals(parseMetadata(text, "t.csv").get("b")?.site, "leg");
  assertEquals([...parseLesions(text, "t.csv")], [["a", "L1"]]);
  const message =
    "Cannot use t.csv: no image has a lesion_id; name a file with that column, such as " +
    "HAM10000_metadata.csv";
  const error = assertThrows(() => parseLesions("image,site\na,arm\n", "t.csv"), DataError);
  assertEquals(error.message, message);
});
