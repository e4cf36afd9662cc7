// Tables of labels as HAM10000, the ISIC challenges and the ISIC archive have them.

import { DataError } from "../../src/data/data_error.ts";
import {
  type LabelTableOptions,
  metadataOf,
  parseLabelTable,
  parseMetadata,
} from "../../src/data/label_table.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const classes = (text: string, options?: LabelTableOptions) =>
  parseLabelTable(text, "t.csv", options).images.map(({ id, className }) => `${id} ${className}`);

const notes = (text: string, options?: LabelTableOptions) =>
  parseLabelTable(text, "t.csv", options).notes;

function assertRejected(text: string, message: string, options?: LabelTableOptions): void {
  const error = assertThrows(() => parseLabelTable(text, "t.csv", options), DataError);
  assertEquals(error.message, message);
}

Deno.test("parseLabelTable() reads HAM10000_metadata.csv with its further columns", () => {
  const text = "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\r\n" +
    "HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp,vidir_modern\r\n";
  assertEquals(parseLabelTable(text, "t.csv").images, [{
    id: "ISIC_0027419",
    stem: "ISIC_0027419",
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
    "Cannot use t.csv: it has no column of image identifiers: name it image_id or isic_id or image or " +
      "image_name or filename (columns name, dx), or say which with --id-column",
  );
  assertRejected(
    "image,MEL,age\na,1,3\n",
    "Cannot use t.csv: it has no column of labels: name it dx or diagnosis or label, or have a column " +
      "of 0 and 1 for each of MEL, NV, BKL and so on (columns image, MEL, age); else say which with " +
      "--label-column or --label-columns",
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
    "Cannot use t.csv line 2: its image has no label in column dx; fill it in, or leave out such images " +
      "with --drop-unlabelled",
  );
  assertRejected(
    "image,dx\n,nv\n",
    "Cannot use t.csv line 2: it has no image; fill it in or remove the line",
  );
});

Deno.test("parseLabelTable() rejects an image that occurs twice, ending or not", () => {
  assertRejected(
    "image,dx\na,nv\na.jpg,mel\n",
    "Cannot use t.csv line 3: t.csv line 2 has image a already; remove one of them, or name their " +
      "folders too if they are different files (siteA/a)",
  );
  assertRejected(
    "image,dx\ns/a,nv\ns\\a.png,mel\n",
    "Cannot use t.csv line 3: t.csv line 2 has image s/a already; remove one of them",
  );
});

Deno.test("parseMetadata() reads by identifier, with or without folders", () => {
  const metadata = parseMetadata("isic_id,lesion_id,site\na.jpg,L1,arm\nx/b,,leg\n", "t.csv");
  assertEquals(metadata.header, ["isic_id", "lesion_id", "site"]);
  assertEquals(metadataOf(metadata, "part_1/a")?.site, "arm");
  assertEquals(metadataOf(metadata, "x/b")?.site, "leg");
  assertEquals(metadataOf(metadata, "b"), undefined);
});

Deno.test("labels that differ in case, spaces or a zero fraction are one class, with a note", () => {
  const text = "image,label\na,benign\nb,Benign \nc,benign\nd,High_Grade\ne,high  grade\n";
  assertEquals(classes(text), ["a benign", "b benign", "c benign", "d High_Grade", "e High_Grade"]);
  assertEquals(notes(text).slice(1), [
    'one class benign: "benign" (2), "Benign" (1)',
    'one class High_Grade: "High_Grade" (1), "high  grade" (1)',
  ]);
  assertEquals(classes("image,label\na,0\nb,0.0\nc,1.0\nd,1.00\ne,1.5\n"), [
    ...["a 0", "b 0", "c 1", "d 1", "e 1.5"],
  ]);
  assertEquals(classes("image,label\na,-1\nb,1\nc,HER2+\nd,HER2-\n"), [
    ...["a -1", "b 1", "c HER2+", "d HER2-"],
  ]);
  assertEquals(classes('image,dx\na,MEL\nb,Melanoma\nc,"Nevus, NOS"\n'), [
    "a mel",
    "b mel",
    "c Nevus NOS",
  ]);
});

Deno.test("images without a label are refused, or left out and counted", () => {
  for (const nothing of ["nan", "NaN", "NA", "n/a", "None", "null", "", "<NA>"]) {
    const text = `image,dx\na,nv\nb,${nothing}\nc,mel\nd,${nothing}\n`;
    assertRejected(
      text,
      "Cannot use t.csv line 3: its image has no label in column dx, nor have 1 other images; fill it in, or " +
        "leave out such images with --drop-unlabelled",
    );
    assertEquals(classes(text, { dropUnlabelled: true }), ["a nv", "c mel"]);
    assertEquals(
      notes(text, { dropUnlabelled: true }).at(-1),
      "left out without label: 2 of 4 images",
    );
  }
  const marks = "image,MEL,NV\na,1,0\nb,,\nc,nan,nan\n";
  assertEquals(classes(marks, { dropUnlabelled: true }), ["a mel"]);
  assertRejected("image,dx\na,nan\n", "Cannot use t.csv: none of its images has a label", {
    dropUnlabelled: true,
  });
});

Deno.test("columns of marks may say yes and no in many ways", () => {
  const rows = ["True,False", "false,TRUE", "1.0,0.0", '"0,0","1,0"', "yes,no", "F,T"];
  const text = ["image,MEL,NV", ...rows.map((row, index) => `${index},${row}`)].join("\n");
  assertEquals(classes(text), ["0 mel", "1 nv", "2 mel", "3 nv", "4 mel", "5 nv"]);
});

Deno.test("columns are found in any case, or named", () => {
  assertEquals(classes("Image_ID,DX\na,nv\n"), ["a nv"]);
  assertEquals(classes("FileName,Label\na.png,cat\n"), ["a cat"]);
  assertEquals(classes("image path,class\nx/a.png,cat\n"), ["a cat"]);
  assertEquals(classes("key,what,dx\na,cat,nv\n", { idColumn: "key", labelColumn: "What" }), [
    "a cat",
  ]);
  const marks = "image,Cat,Dog,MEL,NV\na,0,1,0,1\n";
  assertEquals(classes(marks, { labelColumns: ["cat", "Dog"] }), ["a Dog"]);
  assertEquals(classes("isic_id,diagnosis_1,diagnosis_3\na,Benign,Nevus\n"), ["a nv"]);
  assertEquals(notes("isic_id,diagnosis_1,diagnosis_3\na,Benign,Nevus\n"), [
    "images are named by column isic_id, classes by column diagnosis_3 (not diagnosis_1: choose with " +
    "--label-column)",
  ]);
  assertRejected(
    "image,dx\na,nv\n",
    "Cannot use class for --label-column: the columns of t.csv are image, dx",
    { labelColumn: "class" },
  );
});

Deno.test("a column that is needed may not be there twice", () => {
  for (
    const [header, name] of [["image,dx,dx", "dx"], ["image,Dx,DX", "Dx and DX"], [
      "image,image,dx",
      "image",
    ]]
  ) {
    assertRejected(
      `${header}\na,nv,mel\n`,
      `Cannot use t.csv: it has 2 columns ${name}, which may differ; remove or rename all but one`,
    );
  }
  assertEquals(classes("image,dx,sex,sex\na,nv,m,f\n"), ["a nv"]);
});

Deno.test("names with folders stay different, and are short where they can be", () => {
  assertEquals(classes("path,label\np1/a.jpg,cat\np2\\b.jpg,dog\n"), ["a cat", "b dog"]);
  assertEquals(classes("path,label\ns/a,cat\nt/a,dog\ns_a,cat\n"), [
    "s_a cat",
    "t_a dog",
    "s_a_2 cat",
  ]);
});
