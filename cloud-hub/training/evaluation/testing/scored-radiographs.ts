import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSource, readPackage, readPackageFile, type SplitPart, splitOfPatient } from '@leadglass/models'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { greyImage } from '../../../../installer/testing/grey-image.ts'
import { preprocess } from '../../golden/preprocess.ts'
import { headWiring } from '../../head-wiring.ts'
import { runHead } from '../../parity.ts'
import type { EvaluationCase } from '../case-table.ts'

/** A radiograph of NIH ChestX-ray14 as a case: the report's mention of pneumonia, and the scores of a shipped package. */
export interface ScoredRadiograph extends EvaluationCase {
  readonly part: SplitPart
  /** Of the score that tells projections, 1 is AP. */
  readonly apScore: number
}

/** Scores all radiographs of `folder` with the backbone and the heads of a package. */
export async function scoredRadiographs(folder: string, packageFolder: string): Promise<ScoredRadiograph[]> {
  const model = await readPackage(packageFolder)
  const { manifest } = model
  const backbone = manifest.graphs.find(({ id }) => id === parseSource(manifest.embedding.from)?.graph)
  const file = await readPackageFile(model, backbone?.file ?? '')
  const session = await InferenceSession.create(file, { logSeverityLevel: 3, intraOpNumThreads: 1 })
  const rows = rowsOf(await readFile(join(folder, 'index.csv'), 'utf8'))
  const embeddings: Float32Array[] = []
  const [, channels = 1, height = 1, width = 1] = manifest.input.shape
  for (const row of rows) {
    const image = await greyImage(join(folder, 'png256', row.file ?? ''))
    const values = preprocess(image, manifest.preprocessing)
    const output = await session.run({ image: new Tensor('float32', values, [1, channels, height, width]) })
    embeddings.push(Float32Array.from(output.embedding?.data as Float32Array))
  }
  await session.release()
  const scoresOf = async (finding: string): Promise<number[]> => {
    const wiring = headWiring(manifest, finding)
    return runHead(await readPackageFile(model, wiring.file), wiring, embeddings)
  }
  const [pneumonia, view] = [await scoresOf('pneumonia'), await scoresOf('view.ap')]
  return rows.map((row, i) => ({
    score: pneumonia[i] ?? Number.NaN,
    apScore: view[i] ?? Number.NaN,
    label: row.source_class === 'Pneumonia' ? 1 : 0,
    patient: row.patient_id ?? '',
    part: splitOfPatient(row.patient_id ?? ''),
    site: 'nih',
    view: row.view ?? '',
    sex: row.sex ?? '',
    ageDecade: Math.min(9, Math.floor(Number(row.age) / 10)),
  }))
}

function rowsOf(csv: string): Readonly<Record<string, string>>[] {
  const [heading = '', ...lines] = csv.trim().split(/\r?\n/)
  const names = heading.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i] ?? '', value])))
}
