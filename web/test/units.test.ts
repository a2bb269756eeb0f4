import assert from "node:assert/strict";
import { test } from "node:test";
import { percent, short, times, whole } from "../src/units.ts";

const plain = (text: string): string => text.replace(/[\u2009\u202f]/g, " ");

test("numbers have three digits and a prefix", () => {
  const said = [0, 7, 999, 1000, 9542, 25557032, 999999, 4.1e9, 2.5, -1500].map((value) => plain(short(value)));
  assert.deepEqual(said, ["0", "7", "999", "1.00 k", "9.54 k", "25.6 M", "1.00 M", "4.10 G", "2.50", "−1.50 k"]);
  assert.equal(plain(short(11239424, "B")), "11.2 MB");
  assert.equal(short(null), "–");
});

test("shares, sizes, all digits", () => {
  assert.deepEqual([0.123, 0.012, 1].map((share) => plain(percent(share))), ["12 %", "1.2 %", "100 %"]);
  assert.equal(plain(times("3x224x224, matrix")), "3 × 224 × 224, matrix");
  assert.equal(whole(-25557032), "−25,557,032");
});
