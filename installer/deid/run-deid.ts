import { PROFILE_EDITION } from '@leadglass/appliance/deidentify'
import { CATALOGUE_VERSION } from '../../appliance/pixel-text/index.ts'
import { InstallerError } from '../errors.ts'
import { findFiles } from '../send/find-files.ts'
import { type ArchiveKind, archiveKindOf, readArchive } from './archives/index.ts'
import {
  type DeidentifyOptions,
  deidentifyEntries,
  deidentifyFiles,
  mergedReports,
  overlaps,
} from './deidentify-folder.ts'
import type { DeidentifyReport } from './deidentify-share.ts'
import { DoneRecord } from './done-record.ts'
import type { PixelMode } from './pixel-check.ts'
import type { NamedProfile } from './profiles.ts'

/** What a person asks of `leadglass deid`. */
export interface DeidRequest {
  readonly input: string
  readonly output: string
  readonly profile: NamedProfile
  readonly secret: Uint8Array
  /** The secret is in a file, so that a later run can go on where this one ends. */
  readonly isResumable: boolean
  readonly dryRun: boolean
  readonly pixels: PixelMode
  /** CT and MR volumes of heads are written. */
  readonly heads: boolean
  readonly threads?: number
}

/** The machine-readable report of a run: no name, number or date of a patient, and no file name. */
export interface DeidRunReport extends DeidentifyReport {
  readonly schema: 'leadglass.deid-report/1'
  readonly profile: string
  readonly edition: string
  /** Codes of CID 7050. */
  readonly methods: readonly string[]
  readonly dryRun: boolean
  /** What happened to pixels. */
  readonly pixels: PixelMode
  /** Version of the catalogue of devices. */
  readonly catalogue: string
  /** Files found in the input, archives not among them. */
  readonly plainFiles: number
  /** Entries of archives come after the plain files in the numbers of `quarantined`, archive by archive. */
  readonly archives: readonly { readonly first: number; readonly entries: number }[]
  readonly seconds: number
}

/** The report, and what only the site may see: which file a number means. */
export interface DeidRun {
  readonly report: DeidRunReport
  /** Path of each plain file by its number. PHI, often. */
  readonly files: readonly string[]
}

/**
 * De-identifies a file, a folder or an archive. @param onStart told how many files there are before the work begins.
 * @throws InstallerError `file-not-found`, `input-invalid`; what the file system throws.
 */
export async function runDeidentification(
  request: DeidRequest,
  onStart: (files: number, archives: number) => void,
  onFile: (bytes: number) => void,
): Promise<DeidRun> {
  const { input, output, profile, secret, dryRun } = request
  if (overlaps(input, output)) {
    throw new InstallerError('input-invalid', {
      message: 'the output folder lies within the input folder, or the other way round',
      effect: 'nothing was written',
      nextStep: 'choose an output folder elsewhere',
    })
  }
  const started = performance.now()
  const { plain, packed } = await sorted(await findFiles(input))
  onStart(plain.length, packed.length)
  const isRecorded = request.isResumable && !dryRun
  // What was written without being read is not done for a run that reads.
  const identity = { profile: `${profile.name}, pixels ${request.pixels}`, edition: PROFILE_EDITION, secret }
  const record = isRecorded ? DoneRecord.open(output, identity) : undefined
  const options: DeidentifyOptions = {
    output,
    secret,
    profile: profile.profile,
    dryRun,
    pixels: request.pixels,
    heads: request.heads,
    done: record?.done,
    onFile,
    onDurable: (marks) => record?.add(marks),
    ...(request.threads === undefined ? {} : { threads: request.threads }),
  }
  try {
    const reports = [await deidentifyFiles(plain, options)]
    const archives: { first: number; entries: number }[] = []
    let first = plain.length
    for (const { path, kind } of packed) {
      const part = await deidentifyEntries(readArchive(path, kind), first, options)
      archives.push({ first, entries: part.files })
      first += part.files
      reports.push(part)
    }
    const report: DeidRunReport = {
      schema: 'leadglass.deid-report/1',
      profile: profile.name,
      edition: PROFILE_EDITION,
      // Clean Pixel Data is applied to every object only where every object is read.
      methods: [...profile.methods.map(([code]) => code), ...(request.pixels === 'read' ? ['113101'] : [])],
      dryRun,
      pixels: request.pixels,
      catalogue: CATALOGUE_VERSION,
      ...mergedReports(reports),
      plainFiles: plain.length,
      archives,
      seconds: (performance.now() - started) / 1000,
    }
    return { report, files: plain }
  } finally {
    record?.close()
  }
}

interface Sorted {
  readonly plain: string[]
  readonly packed: { readonly path: string; readonly kind: ArchiveKind }[]
}

async function sorted(paths: readonly string[]): Promise<Sorted> {
  const result: Sorted = { plain: [], packed: [] }
  for (const path of paths) {
    const kind = await archiveKindOf(path)
    if (kind === undefined) result.plain.push(path)
    else result.packed.push({ path, kind })
  }
  return result
}
