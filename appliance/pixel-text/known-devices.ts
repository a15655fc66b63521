import type { CatalogueEntry } from './device-catalogue.ts'
import type { Box } from './regions.ts'

/**
 * Version of the table below; it is kept with every result that it had a part in. A changed row is a new version.
 */
export const CATALOGUE_VERSION = '2026.1'

/** How many rows and columns, or rows alone; `null` where a device writes there at every size. */
type Size = readonly [rows: number, columns?: number] | null
type Region = readonly [left: number, top: number, width: number, height: number]
type Row = readonly [name: string, modality: string, manufacturer: string, model: string, size: Size, ...Region[]]

/**
 * Where devices write identities. Manufacturer and model stand anywhere in the header's value, whatever the case; ''
 * asks nothing. Source of the facts (device, size, region): the list that users of the RSNA's Clinical Trial Processor
 * put together, DicomPixelAnonymizer.script in github.com/johnperry/CTP, read on 2026-11-22. Rows that ask for more than
 * a device (a description, a comment) were left out: reading finds those.
 */
const ROWS: readonly Row[] = [
  ['ge-logiq9', 'US', '', 'LOGIQ9', null, [0, 0, 640, 40], [60, 0, 606, 60]],
  ['ge-logiq-e9', 'US', '', 'LOGIQE9', null, [0, 0, 960, 70]],
  ['ge-v830', 'US', '', 'V830', null, [0, 0, 960, 70]],
  ['supersonic-aixplorer-698', 'US', 'SuperSonic Imagine SA', 'Aixplorer', [698, 930], [0, 0, 890, 66]],
  ['supersonic-aixplorer-788', 'US', 'SuperSonic Imagine SA', 'Aixplorer', [788, 1050], [0, 0, 1050, 66]],
  ['supersonic-aixplorer-1050', 'US', 'SuperSonic Imagine SA', 'Aixplorer', [1050, 1400], [0, 0, 1400, 89]],
  ['philips-iu22-480', 'US', '', 'iU22', [480], [0, 0, 640, 47]],
  ['philips-iu22-600', 'US', '', 'iU22', [600], [0, 0, 800, 59]],
  ['philips-iu22-768', 'US', '', 'iU22', [768], [0, 0, 1024, 75]],
  ['philips-epiq-600', 'US', '', 'EPIQ', [600], [0, 0, 1024, 49]],
  ['philips-epiq-768', 'US', '', 'EPIQ', [768], [0, 0, 1024, 49]],
  ['philips-cx50', 'US', '', 'CX50', [600], [0, 0, 800, 59]],
  ['philips-sparq', 'US', 'Philips', 'Sparq', [600], [80, 0, 720, 55]],
  ['philips-lumify', 'US', 'Philips', 'Lumify', [768], [0, 0, 768, 35]],
  ['zonare-z-one', 'US', '', 'Z_ONE', null, [0, 0, 800, 65]],
  ['atl-hdi-5000', 'US', 'ATL', 'HDI 5000', [476, 640], [40, 0, 200, 40], [240, 0, 190, 16]],
  ['siemens-antares', 'US', 'SIEMENS', 'ANTARES', [768, 1024], [0, 0, 1024, 60], [200, 60, 20, 20], [800, 65, 104, 14]],
  ['siemens-acuson', 'US', 'SIEMENS', 'ACUSON', [600, 800], [0, 0, 800, 43], [128, 56, 16, 16]],
  ['siemens-s2000', 'US', 'SIEMENS', 'S2000', [768, 1024], [0, 0, 1024, 60]],
  ['acuson-sequoia', 'US', 'ACUSON', 'SEQUOIA', [480, 640], [0, 0, 640, 30]],
  ['toshiba-aplio-500', 'US', 'TOSHIBA', 'A500', [720, 960], [0, 0, 960, 60]],
  ['toshiba-aplio-400', 'US', 'TOSHIBA', 'A400', [720, 960], [0, 0, 960, 60]],
  ['toshiba-ai600', 'US', 'TOSHIBA', 'AI600', [960, 1280], [0, 0, 1280, 60]],
  ['toshiba-ai700', 'US', 'TOSHIBA', 'AI700', [960, 1280], [0, 0, 1280, 60]],
  ['canon-aplio', 'US', 'CANON', 'AA000', [960, 1280], [0, 0, 1280, 70]],
  ['seno', 'US', 'SENO', '', [1058, 1920], [161, 0, 1632, 50]],
  ['seno-cine', 'US', 'SENO', '', [1056, 1920], [161, 0, 1632, 50]],
  ['philips-gemini-446', 'PT', 'Philips Medical Systems', 'GEMINI', [446, 245], [0, 0, 125, 50]],
  ['philips-gemini-445', 'PT', 'Philips Medical Systems', 'GEMINI', [445, 493], [0, 0, 140, 55]],
  ['philips-gemini-373', 'PT', 'Philips Medical Systems', 'GEMINI', [373, 492], [0, 0, 100, 25]],
]

/** Ultrasound that says where its image is (PS3.3 C.8.5.5, Sequence of Ultrasound Regions): all around it goes. */
const DECLARED_REGIONS: CatalogueEntry = {
  name: 'ultrasound-regions',
  modality: 'US',
  mask: 'outside-image-regions',
}

/** The devices that are known without anything that a site adds. */
export const KNOWN_DEVICES: readonly CatalogueEntry[] = [...ROWS.map(entryOf), DECLARED_REGIONS]

/** A device that a site knows. */
export interface SiteDevice {
  readonly name: string
  readonly modality: string
  readonly manufacturer: string
  readonly model: string
  readonly rows?: number | undefined
  readonly columns?: number | undefined
  readonly mask: readonly Box[]
}

/** The catalogue of a site: its own devices come first. */
export function catalogueWith(devices: readonly SiteDevice[]): readonly CatalogueEntry[] {
  const own = devices.map(
    ({ name, modality, manufacturer, model, rows, columns, mask }): CatalogueEntry => ({
      ...named(`site-${name}`, modality, manufacturer, model),
      ...(rows === undefined ? {} : { size: { rows, columns } }),
      mask,
    }),
  )
  return [...own, ...KNOWN_DEVICES]
}

function entryOf([name, modality, manufacturer, model, size, ...regions]: Row): CatalogueEntry {
  return {
    ...named(name, modality, manufacturer, model),
    ...(size === null ? {} : { size: { rows: size[0], columns: size[1] } }),
    mask: regions.map(([left, top, width, height]) => ({ left, top, width, height })),
  }
}

function named(
  name: string,
  modality: string,
  manufacturer: string,
  model: string,
): Pick<CatalogueEntry, 'name' | 'modality' | 'manufacturer' | 'model'> {
  return {
    name,
    modality,
    ...(manufacturer === '' ? {} : { manufacturer: containing(manufacturer) }),
    ...(model === '' ? {} : { model: containing(model) }),
  }
}

function containing(words: string): RegExp {
  return new RegExp(words.replaceAll(/[^\w ]/g, '\\$&'), 'i')
}
