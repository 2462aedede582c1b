// Numbers and names as a reader of a medical journal expects them.

const none = "\u2013";

export const integer = (value: number | null | undefined): string =>
  typeof value === "number" && Number.isFinite(value)
    ? Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",") : none;

export function decimal(value: number | null | undefined, digits = 2): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return none;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
}

/** With its sign, "+2" or "\u22121.5"; 0 has none. */
export function signed(value: number, digits?: number): string {
  const text = digits === undefined ? String(value).replace("-", "\u2212") : decimal(value, digits);
  return Number(text.replace("\u2212", "-")) > 0 ? `+${text}` : text;
}

/** Correlations and other numbers between -1 and 1: no leading zero, a proper minus sign. */
export function share(value: number | null | undefined, digits = 2): string {
  return decimal(value, digits).replace(/^(\u2212?)0\./, "$1.");
}

export function pValue(value: number | null | undefined): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return none;
  if (value < 1e-15) return "< 10\u207B\u00B9\u2075";
  if (value >= 0.001) return share(value, 3);
  const [mantissa, exponent] = value.toExponential(0).split("e");
  const raised = String(Number(exponent)).replace(/./g, (c) => (c === "-" ? "\u207B" : superscript[Number(c)] ?? c));
  return `${mantissa} \u00D7 10${raised}`;
}
const superscript = "\u2070\u00B9\u00B2\u00B3\u2074\u2075\u2076\u2077\u2078\u2079".split("");

export function percent(part: number, whole: number): string {
  if (!(whole > 0)) return none;
  if (part === 0) return "0 %";
  const value = (100 * part) / whole;
  return value > 0 && value < 0.1 ? "< 0.1 %" : `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

export function seconds(value: number | null | undefined): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return none;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${integer(count)} ${count === 1 ? one : many}`;

/** "2000 rows of 22 participants" with the numbers of it spaced as integers are. */
export const spaced = (text: string): string => text.replace(/\d+/g, (digits) => integer(Number(digits)));

export function joined(names: string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/** "rank_blood_body" -> "rank blood body", first letter raised. */
export function spoken(key: string): string {
  const words = key.replace(/[_/]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const shortened = (name: string, most: number): string =>
  name.length <= most ? name : `${name.slice(0, most - 1)}\u2026`;

/** A cell of CSV text. */
export const csvCell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
