import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseFileMeta } from '@leadglass/appliance/dimse'
import { phantomDicom } from '@leadglass/models'
import { elementsOf, STUDY_INSTANCE_UID } from './element-map.ts'

/** One object from which broken ones are made. */
export interface Seed {
  readonly name: string
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly transferSyntaxUid: string
  /** Preamble, prefix and file meta information. */
  readonly meta: Buffer
  readonly dataSet: Buffer
}

/** Larger files make fewer cases a second and no other ones. */
const LARGEST_SEED_BYTES = 150_000
const MEDIA_DIRECTORY = '1.2.840.10008.1.3.10'

/**
 * The seeds in a folder, sorted by name, and three phantoms, so that there are seeds without any folder and some that a
 * model fits.
 * @param folder with PS3.10 files at any depth; what is none is passed over.
 */
export function loadCorpus(folder: string | undefined): Seed[] {
  const seeds = [1, 2, 3].flatMap((index) => {
    const { bytes } = phantomDicom({ seed: 7, index, rows: 64, columns: 64 })
    return seedOf(`phantom-${index}`, Buffer.from(bytes))
  })
  if (folder === undefined) return seeds
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size <= LARGEST_SEED_BYTES)
    .sort()
  return [...seeds, ...paths.flatMap((path) => seedOf(path, readFileSync(path)))]
}

/**
 * The data set of a seed under UIDs of its own, of the same length, so that it is no second version of an object that
 * came before. A UID too short for that stays.
 */
export function withOwnUids(seed: Seed, unique: number): Pick<Seed, 'sopInstanceUid' | 'dataSet'> {
  const dataSet = Buffer.from(seed.dataSet)
  const digits = String(unique).padStart(10, '0')
  let { sopInstanceUid } = seed
  for (const element of elementsOf(dataSet, seed.transferSyntaxUid)) {
    if (element.tag !== STUDY_INSTANCE_UID && element.tag !== 0x00080018) continue
    const text = dataSet.toString('latin1', element.valueAt, element.valueAt + element.length)
    const uid = text.replace(/\0+$/, '')
    if (uid.length < 22) continue
    const renamed = `${uid.slice(0, -11)}1${digits}`
    dataSet.write(renamed, element.valueAt, 'latin1')
    if (element.tag === 0x00080018 && uid === sopInstanceUid) sopInstanceUid = renamed
  }
  return { sopInstanceUid, dataSet }
}

function seedOf(name: string, bytes: Buffer): Seed[] {
  try {
    const head = parseFileMeta(bytes)
    if (head === undefined || head.meta.sopClassUid === MEDIA_DIRECTORY) return []
    const { sopClassUid, sopInstanceUid, transferSyntaxUid } = head.meta
    const meta = bytes.subarray(0, head.dataSetOffset)
    return [{ name, sopClassUid, sopInstanceUid, transferSyntaxUid, meta, dataSet: bytes.subarray(head.dataSetOffset) }]
  } catch {
    // The folder holds licences, dumps and bare data sets too.
    return []
  }
}
