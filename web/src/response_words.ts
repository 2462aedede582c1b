// In words: what changes in a picture or a recording.
import type { Response } from "./data";
import { decimal, joined, signed } from "./format";

const kRows = ["upper", "middle", "lower"], kColumns = ["left", "centre", "right"];

/** The ninth of a picture in which most of the change lies. */
function placeOf(size: number[], height: number, width: number): string {
  const sums = new Array<number>(9).fill(0);
  size.forEach((value, place) => {
    const row = Math.min(2, Math.floor((3 * Math.floor(place / width)) / height));
    sums[3 * row + Math.min(2, Math.floor((3 * (place % width)) / width))] += value;
  });
  const total = sums.reduce((a, b) => a + b, 0);
  const best = sums.indexOf(Math.max(...sums));
  if (!(total > 0) || sums[best] < 0.2 * total) return "spread over the picture";
  const [row, column] = [kRows[Math.floor(best / 3)], kColumns[best % 3]];
  return `most at the ${row === "middle" && column === "centre" ? "centre" : row === "middle" ? column : column === "centre" ? `${row} middle` : `${row} ${column}`}`;
}

export function pictureWords(response: Response, change: Uint8Array): string {
  const channels = Math.max(1, response.channels.length);
  const scaled = (value: number) => (100 * response.largest * (value - 128)) / 127;
  const places = change.length / channels;
  const means = Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let place = 0; place < places; ++place) sum += scaled(change[place * channels + c]);
    return sum / places;
  });
  const size = Array.from({ length: places }, (_, place) => {
    let sum = 0;
    for (let c = 0; c < channels; ++c) sum += Math.abs(scaled(change[place * channels + c]));
    return sum;
  });
  const each = means.map((mean, c) => `${channels === 1 ? "brightness" : response.channels[c]} ${signed(mean, 1)}`);
  return `on average ${joined(each)} % of full brightness; at most ${decimal(100 * response.largest, 0)} % in a pixel, ` +
    `${placeOf(size, response.height, response.width)}.`;
}

/** "94.9 -> 93.6, most at 4.2 h". */
export function seriesWords(low: number[], high: number[], hours: number | null): string {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const change = high.map((value, i) => value - low[i]);
  const size = change.map(Math.abs);
  const best = size.indexOf(Math.max(...size));
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(Math.max(1e-6, size[best] ?? 0)))));
  const place = hours === null ? "" : `, at most ${signed(change[best], digits)} at ${decimal(((best + 0.5) / change.length) * hours, 1)} h`;
  return `${decimal(mean(low), digits)} \u2192 ${decimal(mean(high), digits)}${place}`;
}
