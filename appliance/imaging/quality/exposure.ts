/** How far a reported deviation index may be from the one that its exposure indices give; the header has one decimal. */
const DEVIATION_TOLERANCE = 0.1

/** What a detector reports of an exposure (IEC 62494-1; PS3.3 C.8.11.3), as it stands in the header. */
export interface ReportedExposure {
  /** (0018,1411) */
  readonly exposureIndex: number | undefined
  /** (0018,1412) */
  readonly targetExposureIndex?: number | undefined
  /** (0018,1413) */
  readonly deviationIndex: number | undefined
}

/**
 * Exposure figures by code. `quality.deviation-index-computed` is 10 log10(EI / EI_T) of IEC 62494-1, where both are
 * reported; `quality.deviation-index-differs` is 1 where the reported index is not that, 0 where it is.
 */
export function exposureFigures(reported: ReportedExposure): Record<string, number> {
  const { exposureIndex: index, targetExposureIndex: target, deviationIndex: deviation } = reported
  const computed =
    index !== undefined && target !== undefined && index > 0 && target > 0 ? 10 * Math.log10(index / target) : undefined
  return {
    ...(index === undefined ? {} : { 'quality.exposure-index': index }),
    ...(target === undefined ? {} : { 'quality.target-exposure-index': target }),
    ...(deviation === undefined ? {} : { 'quality.deviation-index': deviation }),
    ...(computed === undefined ? {} : { 'quality.deviation-index-computed': computed }),
    ...(computed === undefined || deviation === undefined
      ? {}
      : { 'quality.deviation-index-differs': Math.abs(computed - deviation) > DEVIATION_TOLERANCE ? 1 : 0 }),
  }
}
