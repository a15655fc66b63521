import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DeclaredGates, readPackage, readPackageFile, writePackage } from '@leadglass/models'
import { evaluationDocument } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { versionEvaluationView } from '../api/views/evaluation-view.ts'
import { assertCardComplete, MAXIMUM_CARD_BYTES } from '../model-card/completeness.ts'
import { PACKAGE, TrainingRig } from './testing/training-rig.ts'

const GATES: DeclaredGates = {
  schema: 'leadglass.model-gates/1',
  operatingPoints: [{ name: 'rule-out', rule: { kind: 'sensitivity-at-least', share: 0.95 } }],
  gates: [
    {
      id: 'safe-to-rule-out',
      measure: 'sensitivity',
      operatingPoint: 'rule-out',
      comparison: { kind: 'absolute', atLeast: 0.85 },
      judgedBy: 'unfavourable-bound',
      minimumCases: 50,
      whenNotEvaluable: 'fail',
    },
    {
      id: 'no-worse',
      measure: 'auc',
      comparison: { kind: 'against-running', worseByAtMost: 0.01 },
      judgedBy: 'unfavourable-bound',
      minimumCases: 0,
      whenNotEvaluable: 'fail',
    },
  ],
}

describe('a package that declares gates', () => {
  let folder: string
  let rig: TrainingRig | undefined

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'declared-gates-'))
  })
  afterEach(async () => {
    await rig?.close()
    rig = undefined
    await rm(folder, { recursive: true, force: true })
  })

  const declaring = async (gates: object): Promise<string> => {
    const shipped = await readPackage(PACKAGE)
    const files = new Map<string, Uint8Array>()
    for (const { path } of shipped.manifest.files) files.set(path, await readPackageFile(shipped, path))
    files.set('gates.json', Buffer.from(JSON.stringify(gates)))
    const { schema: _schema, files: _files, ...manifest } = shipped.manifest
    return (await writePackage(join(folder, 'package'), { manifest, files })).folder
  }

  it('has them judged, and hands them on with the evaluation to what is made from it', {
    timeout: 60_000,
  }, async () => {
    const made = await TrainingRig.create(await declaring(GATES))
    rig = made
    await made.fill(900)
    await made.training.start()
    const run = made.ask()
    await made.training.settle()
    const ended = made.runs.run(run)
    expect(ended?.reason).toBeNull()
    const { report } = ended ?? {}
    expect(report?.gatesDeclaredBy).toBe('package')
    expect(report?.evaluation?.candidate.points.map(({ name }) => name)).toEqual(['in-use', 'rule-out'])
    const safe = report?.gates.find(({ gate }) => gate === 'safe-to-rule-out')
    const sensitivity = report?.evaluation?.candidate.points[1]?.sensitivity
    expect(safe).toMatchObject({
      passed: true,
      measured: sensitivity?.low,
      limit: 0.85,
      declared: { outcome: 'passed', operatingPoint: 'rule-out', n: sensitivity?.n, minimumCases: 50 },
    })

    const candidate = await readPackage(await made.registry.packageFolder(ended?.candidate?.digest ?? ''))
    expect(candidate.gates).toEqual(GATES)
    expect(evaluationDocument.parse(candidate.card.evaluation)).toEqual(report?.evaluation)
    expect(versionEvaluationView(candidate)).toMatchObject({ finding: 'pneumonia', gatesDeclaredBy: 'package' })
    expect(Buffer.byteLength(JSON.stringify(candidate.card))).toBeLessThan(MAXIMUM_CARD_BYTES / 2)
    const declaration = candidate.card.declaration ?? {}
    expect(() => assertCardComplete({ ...candidate.card, declaration }, declaration)).not.toThrow(/metrics/)
  })

  it('stops a candidate that does not meet one, by name', { timeout: 60_000 }, async () => {
    const [first] = GATES.gates
    const strict = { ...GATES, gates: [{ ...first, id: 'finds-all', comparison: { kind: 'absolute', atLeast: 1 } }] }
    const made = await TrainingRig.create(await declaring(strict))
    rig = made
    await made.fill(400)
    await made.training.start()
    const run = made.ask()
    await made.training.settle()
    expect(made.runs.run(run)).toMatchObject({ state: 'stopped', candidate: null })
    expect(made.runs.run(run)?.reason).toContain('finds-all')
    expect(made.words()).toContain('evaluation.recorded')
    expect(made.registry.versions('chest-radiograph')).toHaveLength(1)
  })

  it('is refused when it declares what cannot be judged', async () => {
    const [first] = GATES.gates
    const unknown = { ...GATES, gates: [{ ...first, operatingPoint: 'rule-in' }] }
    await expect(declaring(unknown)).rejects.toMatchObject({ code: 'file-content' })
  })
})
