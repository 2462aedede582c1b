// One colour per modality, distinguishable with any colour vision (after Okabe and Ito, darkened for text).

const palette = ["#0063a3", "#b24a00", "#00795a", "#8e3d7b", "#7a6200", "#2f7fa8", "#5a5a5a", "#a33a3a"];
export const kCovariate = "#5f6b76";
export const kPositive = "#2f5d8c";
export const kNegative = "#b5482a";
export const kUnsigned = "#4a5560";
export const kModel = "#00795a";
export const kConflict = "#8e3d7b";

export class Colours {
  private readonly places = new Map<string, number>();
  constructor(modalities: string[]) {
    modalities.forEach((name, index) => this.places.set(name, index));
  }
  of(modality: string): string {
    const place = this.places.get(modality);
    return place === undefined ? kCovariate : palette[place % palette.length];
  }
  /** The colour mixed with white; `amount` of colour in [0, 1]. */
  tint(modality: string, amount: number): string {
    const value = parseInt(this.of(modality).slice(1), 16);
    const mix = (shift: number) => Math.round(255 - (255 - ((value >> shift) & 255)) * amount);
    return `rgb(${mix(16)}, ${mix(8)}, ${mix(0)})`;
  }
}

/** Background of a cell that holds a correlation: white at 0, blue above, brick below. */
export function shade(value: number): string {
  const hex = parseInt((value >= 0 ? kPositive : kNegative).slice(1), 16);
  const amount = 0.75 * Math.min(1, Math.abs(value));
  const mix = (shift: number) => Math.round(255 - (255 - ((hex >> shift) & 255)) * amount);
  return `rgb(${mix(16)}, ${mix(8)}, ${mix(0)})`;
}
