import type { SeriesRule } from '@leadglass/models'
import { type DataSet, decimal, text } from '../imaging/index.ts'

/** What the header of an original says of its series: before de-identification takes words away, and it stays here. */
export interface SeriesFacts {
  readonly seriesInstanceUid: string
  readonly modality: string
  /** Series Description (0008,103E). */
  readonly description: string
  /** Slice Thickness (0018,0050) in millimetres. */
  readonly sliceThickness: number | undefined
  /** Series Date and Time, else those of the study, as they stand: later ones compare greater. */
  readonly at: string
}

/** Reads the facts of the series of an instance. Never throws: what cannot be read is absent. */
export function seriesFactsOf(header: DataSet, seriesInstanceUid: string): SeriesFacts {
  const when = (date: number, time: number): string => `${text(header, date) ?? ''}${text(header, time) ?? ''}`
  return {
    seriesInstanceUid,
    modality: text(header, 0x00080060) ?? '',
    description: text(header, 0x0008103e) ?? '',
    sliceThickness: decimal(header, 0x00180050),
    at: when(0x00080021, 0x00080031) || when(0x00080020, 0x00080030),
  }
}

/** A series with the number of its instances that fit the model. */
export interface CountedSeries extends SeriesFacts {
  readonly instances: number
}

/**
 * Chooses one series by a model's rule; `undefined` when none matches. Of equals by the preference the one with most
 * instances, then the latest, then by UID, so that the same study always gives the same series.
 */
export function chooseSeries<Series extends CountedSeries>(
  rule: SeriesRule,
  series: readonly Series[],
): Series | undefined {
  const order: Readonly<Record<SeriesRule['prefer'], (a: Series, b: Series) => number>> = {
    thinnest: (a, b) => thickness(a) - thickness(b),
    'most-instances': (a, b) => b.instances - a.instances,
    latest: (a, b) => compare(b.at, a.at),
  }
  return series
    .filter((one) => matches(rule, one))
    .toSorted(
      (a, b) =>
        order[rule.prefer](a, b) ||
        order['most-instances'](a, b) ||
        order.latest(a, b) ||
        compare(a.seriesInstanceUid, b.seriesInstanceUid),
    )[0]
}

function matches({ modality, description, sliceThickness, minimumInstances }: SeriesRule, one: CountedSeries): boolean {
  const words = one.description.toLowerCase()
  const isThick =
    sliceThickness === undefined ||
    (one.sliceThickness !== undefined &&
      one.sliceThickness >= sliceThickness.minimum &&
      one.sliceThickness <= sliceThickness.maximum)
  return (
    isThick &&
    (modality === undefined || one.modality === modality) &&
    (description ?? []).every((word) => words.includes(word.toLowerCase())) &&
    one.instances >= (minimumInstances ?? 1)
  )
}

function thickness({ sliceThickness }: SeriesFacts): number {
  return sliceThickness ?? Number.POSITIVE_INFINITY
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
