import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { splitOfPatient } from '@leadglass/models/split'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'

/** One radiograph of the set. Nothing here identifies anyone: NIH's patient numbers are pseudonyms already. */
export interface Radiograph {
  readonly file: string
  readonly patient: string
  readonly split: 'shipped' | 'site' | 'test'
  /** The text-mined label: pneumonia against no finding. */
  readonly pneumonia: boolean
  readonly ageYears: number
  readonly sex: 'F' | 'M'
  readonly view: 'PA' | 'AP'
  readonly followUp: number
  /** Millimetres at the original size. */
  readonly spacing: readonly [number, number]
  readonly originalSize: { readonly width: number; readonly height: number }
}

const row = z.object({
  file: z.string().regex(/^[0-9_]+\.png$/),
  source_class: z.enum(['No_findings', 'Pneumonia']),
  follow_up: z.coerce.number().int().min(0),
  patient_id: z.string().regex(/^\d+$/),
  age: z.coerce.number().int().min(0).max(120),
  sex: z.enum(['F', 'M']),
  view: z.enum(['PA', 'AP']),
  orig_w: z.coerce.number().int().positive(),
  orig_h: z.coerce.number().int().positive(),
  spacing_x: z.coerce.number().positive(),
  spacing_y: z.coerce.number().positive(),
})

/**
 * Reads the index of a ChestX-ray14 subset: a folder with `index.csv` and the images under `png256/`.
 * @throws InstallerError `file-not-found`, `input-invalid` (with the line).
 */
export async function readDataSet(folder: string): Promise<readonly Radiograph[]> {
  const path = join(folder, 'index.csv')
  if (!existsSync(path)) {
    throw new InstallerError('file-not-found', {
      message: `${path} does not exist`,
      effect: 'there is nothing to rehearse with',
      nextStep: 'name a folder with index.csv and png256/ (the layout is described in docs/rehearsal.md)',
    })
  }
  const [header = '', ...lines] = (await readFile(path, 'utf8')).trimEnd().split(/\r?\n/)
  const names = header.split(',')
  return lines.map((line, index) => {
    const cells = line.split(',')
    const parsed = row.safeParse(Object.fromEntries(names.map((name, column) => [name, cells[column]])))
    if (parsed.success) return toRadiograph(folder, parsed.data)
    throw new InstallerError('input-invalid', {
      message: `line ${index + 2} of index.csv is not a row of this data set: ${z.prettifyError(parsed.error)}`,
      effect: 'nothing was sent',
      nextStep: 'mend the line or take it out',
    })
  })
}

/**
 * A smaller set with the same proportions: takes patients in a fixed order until `images` are reached, evenly from the
 * site and the test patients, so that labels of both kinds stay in each.
 */
export function partOf(radiographs: readonly Radiograph[], images: number): readonly Radiograph[] {
  const strata = new Map<string, Radiograph[]>()
  for (const radiograph of radiographs) {
    const key = `${radiograph.split}/${radiograph.pneumonia}`
    strata.set(key, [...(strata.get(key) ?? []), radiograph])
  }
  const share = images / radiographs.length
  return [...strata.values()].flatMap((stratum) => stratum.slice(0, Math.max(1, Math.round(stratum.length * share))))
}

function toRadiograph(folder: string, data: z.infer<typeof row>): Radiograph {
  return {
    file: join(folder, 'png256', data.file),
    patient: data.patient_id,
    split: splitOfPatient(data.patient_id),
    pneumonia: data.source_class === 'Pneumonia',
    ageYears: data.age,
    sex: data.sex,
    view: data.view,
    followUp: data.follow_up,
    spacing: [data.spacing_y, data.spacing_x],
    originalSize: { width: data.orig_w, height: data.orig_h },
  }
}
