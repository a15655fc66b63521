import type { Box } from './regions.ts'

/** What the catalogue looks at: as the header has it, before cleaning. */
export interface DeviceFacts {
  readonly modality: string
  readonly manufacturer: string
  readonly model: string
  readonly rows: number
  readonly columns: number
  /** Sequence of Ultrasound Regions (0018,6011): where the device says that its image is; text stands around it. */
  readonly imageRegions: readonly Box[]
}

/** A device that is known, and where it writes. An absent condition is met by all. */
export interface CatalogueEntry {
  readonly name: string
  readonly modality: string
  readonly manufacturer?: RegExp
  readonly model?: RegExp
  readonly size?: { readonly rows: number; readonly columns?: number | undefined }
  /** Boxes to black out, or all that lies outside the regions that the device declares. */
  readonly mask: readonly Box[] | 'outside-image-regions'
}

/** What the catalogue says of an object. */
export type CatalogueAnswer =
  | { readonly kind: 'known'; readonly entry: string; readonly boxes: readonly Box[] }
  | { readonly kind: 'unknown' }

/** The first entry that fits counts. An entry without boxes to offer for this object is no answer. */
export function askCatalogue(catalogue: readonly CatalogueEntry[], facts: DeviceFacts): CatalogueAnswer {
  for (const entry of catalogue) {
    if (!fits(entry, facts)) continue
    if (entry.mask !== 'outside-image-regions') return { kind: 'known', entry: entry.name, boxes: entry.mask }
    const regions = facts.imageRegions.filter(
      (box) => box.left + box.width <= facts.columns && box.top + box.height <= facts.rows,
    )
    if (regions.length === 0 || regions.length !== facts.imageRegions.length) continue
    return { kind: 'known', entry: entry.name, boxes: outside(regions, facts) }
  }
  return { kind: 'unknown' }
}

function fits({ modality, manufacturer, model, size }: CatalogueEntry, facts: DeviceFacts): boolean {
  return (
    modality === facts.modality &&
    (manufacturer === undefined || manufacturer.test(facts.manufacturer)) &&
    (model === undefined || model.test(facts.model)) &&
    (size === undefined || (size.rows === facts.rows && (size.columns ?? facts.columns) === facts.columns))
  )
}

/**
 * The rest of a picture around the smallest rectangle that holds all regions, as four boxes at most. Text between two
 * regions is left to reading.
 */
function outside(regions: readonly Box[], { rows, columns }: DeviceFacts): Box[] {
  const left = Math.min(...regions.map((box) => box.left))
  const top = Math.min(...regions.map((box) => box.top))
  const right = Math.max(...regions.map((box) => box.left + box.width))
  const bottom = Math.max(...regions.map((box) => box.top + box.height))
  return [
    { left: 0, top: 0, width: columns, height: top },
    { left: 0, top: bottom, width: columns, height: rows - bottom },
    { left: 0, top, width: left, height: bottom - top },
    { left: right, top, width: columns - right, height: bottom - top },
  ].filter((box) => box.width > 0 && box.height > 0)
}
