import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPackage, readPackageFile } from '@leadglass/models'
import { splitOfPatient } from '@leadglass/models/split'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { readGreyPng } from './golden/png.ts'
import { preprocess } from './golden/preprocess.ts'
import { headProbability, readHead } from './head-graph.ts'
import { auc } from './math/auc.ts'
import { train } from './train.ts'

const P = '/work/main/models/packages/chest-radiograph/1.0.0',
  D = '/work/shared/data/cxr-nih'
const p = await readPackage(P)
const s = await InferenceSession.create(await readPackageFile(p, 'backbone.onnx'), { logSeverityLevel: 3 })
const head = readHead(await readPackageFile(p, 'head.onnx'))
const [h, ...lines] = (await readFile(join(D, 'index.csv'), 'utf8')).trim().split('\n')
const cols = h?.split(',')
const rows: any[] = []
for (const l of lines) {
  const c = Object.fromEntries(l.split(',').map((v, i) => [cols[i], v])) as any
  const png = readGreyPng(await readFile(join('/tmp/hubx', c.file)))
  const t = preprocess(png, p.manifest.preprocessing)
  const o = await s.run({ image: new Tensor('float32', t, [1, 3, 224, 224]) })
  rows.push({
    site: 'b',
    study: c.file,
    patient: c.patient_id,
    instance: 0,
    view: c.view,
    sex: c.sex,
    label: c.source_class === 'Pneumonia' ? 1 : 0,
    embedding: Float32Array.from(o.embedding?.data as Float32Array),
    split: splitOfPatient(c.patient_id),
  })
}
const site = rows.filter((r) => r.split === 'site'),
  test = rows.filter((r) => r.split === 'test')
const y = test.map((r) => r.label)
const base = auc(
  test.map((r) => headProbability(head, r.embedding)),
  y,
)
const diffs: number[] = [],
  tests: number[] = []
const st: Record<string, number> = {}
for (let i = 0; i < 150; i++) {
  const t = train(site as any, head, 0.412, `s${i}`, () => {})
  diffs.push(t.measured.comparison.difference)
  st[t.measured.prior.strength] = (st[t.measured.prior.strength] ?? 0) + 1
  tests.push(
    auc(
      test.map((r) => headProbability(t.head, r.embedding)),
      y,
    ) - base,
  )
}
const q = (a: number[]) => {
  const b = [...a].sort((x, y) => x - y)
  return [0, 8, 38, 75, 112, 141, 149].map((i) => b[i]?.toFixed(4)).join(' ')
}
console.log(
  'heldout diff',
  q(diffs),
  'fail<-.02',
  diffs.filter((x) => x < -0.02).length,
  'fail<-.05',
  diffs.filter((x) => x < -0.05).length,
)
console.log('test diff', q(tests))
console.log(st)
