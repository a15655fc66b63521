import type { VoiLut } from '../voi-lut.ts'

/** One value of the modality LUT to 0..1 by a VOI LUT of the header (PS3.3 C.11.2.1.2, C.11.2.1.3). */
export function voiFunction(voi: VoiLut): (value: number) => number {
  if (voi.kind === 'table') {
    const { first, entries } = voi
    const last = entries.length - 1
    return (value) => entries[Math.min(last, Math.max(0, Math.round(value) - first))] ?? 0
  }
  const { centre, width } = voi
  if (voi.shape === 'SIGMOID') return (value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width))
  if (voi.shape === 'LINEAR') return voiLinear(centre, width)
  return (value) => {
    if (value <= centre - width / 2) return 0
    return value > centre + width / 2 ? 1 : (value - centre) / width + 0.5
  }
}

/** The LINEAR function of PS3.3 C.11.2.1.2.1 with an output range of 0..1; a width of 1 is a threshold. */
export function voiLinear(centre: number, width: number): (value: number) => number {
  const middle = centre - 0.5
  const half = (width - 1) / 2
  return (value) => {
    if (value <= middle - half) return 0
    return value > middle + half ? 1 : (value - middle) / (width - 1) + 0.5
  }
}
