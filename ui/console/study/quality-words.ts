const TITLES: Readonly<Record<string, string>> = {
  'quality.rows': 'Rows',
  'quality.columns': 'Columns',
  'quality.frames': 'Frames',
  'quality.bits-stored': 'Bits stored',
  'quality.exposure-index': 'Exposure index',
  'quality.target-exposure-index': 'Target exposure index',
  'quality.deviation-index': 'Deviation index, as reported',
  'quality.deviation-index-computed': 'Deviation index, computed',
  'quality.deviation-index-differs': 'Reported deviation index is wrong',
  'quality.relative-exposure': 'Median level (0 to 1)',
  'quality.clipped-low': 'Clipped at the dark end, share',
  'quality.clipped-high': 'Clipped at the bright end, share',
  'quality.range-use': 'Range used, share',
  'quality.dynamic-range': 'Dynamic range, dB',
  'quality.entropy': 'Entropy, bits',
  'quality.sharpness': 'Sharpness',
  'quality.noise': 'Noise',
  'quality.collimated-share': 'Collimated, share',
  'quality.side-marker': 'Side marker seen',
  'quality.inversion': 'Likelihood of inversion',
  'quality.view-disagrees': 'View differs from the header',
  'quality.same-pixels': 'Instances with the same pixels',
  'quality.near-duplicates': 'Radiographs of other studies that look the same',
  'quality.mean': 'Mean of the windowed image',
  'quality.contrast': 'Contrast of the windowed image',
}

/** A figure in words; a code that is not known here stands as it is. */
export function qualityTitle(code: string): string {
  return TITLES[code] ?? code
}

/** What a figure says by itself, where that is something to look at. */
export function qualityNote(code: string, value: number): string | undefined {
  switch (code) {
    case 'quality.inversion':
      return value >= 0.5 ? 'may be shown black for white.' : undefined
    case 'quality.side-marker':
      return value === 0 ? 'no side marker was found.' : undefined
    case 'quality.view-disagrees':
      return value === 1 ? 'looks like another view than its header says.' : undefined
    case 'quality.deviation-index-differs':
      return value === 1 ? 'the reported deviation index does not follow from its exposure indices.' : undefined
    case 'quality.same-pixels':
      return value > 0 ? 'another instance has exactly these pixels.' : undefined
    case 'quality.near-duplicates':
      return value > 0 ? 'a radiograph of another study looks the same.' : undefined
    default:
      return undefined
  }
}
