// Numbers as people read them.

const THIN = "\u202f";

/** Three significant digits and a prefix: 1.23 M. */
export function short(value: number | null | undefined, unit = ""): string {
  if (value === null || value === undefined) return "–";
  const prefixes = ["", "k", "M", "G", "T", "P"];
  let power = 0;
  let left = Math.abs(value);
  while (left >= 999.5 && power < prefixes.length - 1) {
    left /= 1000;
    power++;
  }
  const digits = power === 0 && Number.isInteger(value) ? 0 : left >= 99.95 ? 0 : left >= 9.995 ? 1 : 2;
  const suffix = `${prefixes[power]}${unit}`;
  return `${value < 0 ? "−" : ""}${left.toFixed(digits)}${suffix && THIN}${suffix}`;
}

/** All digits, in groups of three. */
export function whole(value: number): string {
  return value.toLocaleString("en-US").replace("-", "−");
}

/** 35 × 35. */
export function by(size: readonly (number | string)[]): string {
  return size.join("\u2009×\u2009");
}

/** A text with its sizes as people write them: 35x35 becomes 35 × 35. */
export function times(text: string): string {
  return text === "-" ? "–" : text.replace(/(?<=\d)x(?=\d)/g, "\u2009×\u2009");
}

/** A share as a percentage. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 99.95 || value === 0 ? value.toFixed(0) : value >= 9.95 ? value.toFixed(0) : value.toFixed(1)}${THIN}%`;
}
