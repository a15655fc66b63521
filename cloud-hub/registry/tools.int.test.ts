import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialiseHub } from '../commands.ts'
import { shippedFolder } from '../model-card/testing/shipped-card.ts'
import { HubProcess } from '../testing/hub-process.ts'
import { compareFigures, differences, type Figure } from './comparison.ts'

describe('the registry over HTTP', () => {
  let folder: string
  let hub: HubProcess
  const at = (rest: string): string => `/api/models/chest-radiograph${rest}`

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-registry-'))
    await initialiseHub({ folder, names: [], accounts: [] })
    hub = await HubProcess.start(folder)
    for (const version of ['chest-radiograph/1.0.0', 'chest-radiograph/1.1.0'] as const) {
      await hub.post('/api/models/import', { folder: shippedFolder(version) })
    }
  })
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('keeps free aliases, and refuses to write those that follow from signatures', async () => {
    const set = (alias: string, version = '1.1.0') => hub.request('POST', at('/aliases'), { alias, version })
    expect((await set('champion')).status).toBe(200)
    expect(await hub.get(at('/aliases'))).toMatchObject({
      aliases: [{ alias: 'champion', version: { version: '1.1.0' }, derived: false }],
    })
    for (const alias of ['approved', 'released', 'APPROVED']) {
      const answer = await set(alias)
      expect([answer.status, await answer.json()]).toMatchObject([409, { error: { code: 'alias-derived' } }])
    }
    for (const alias of ['v1', '../x', 'a b', '<b>'])
      expect((await set(alias)).status, alias).toBeGreaterThanOrEqual(400)
    expect((await set('champion', '9.9.9')).status).toBe(404)
    expect((await hub.request('DELETE', at('/aliases/approved'))).status).toBe(409)
    expect((await hub.request('DELETE', at('/aliases/champion'))).status).toBe(200)
    expect((await hub.request('DELETE', at('/aliases/champion'))).status).toBe(404)
  })

  it('draws the lineage from the parent, the data, the code and the parameters', async () => {
    const graph = (await hub.get(at('/versions/1.1.0/lineage'))) as {
      nodes: { id: string; kind: string; label: string }[]
      edges: { from: string; to: string; relation: string }[]
    }
    const relations = graph.edges.map((edge) => edge.relation).sort()
    expect(relations).toEqual(['trained-by', 'trained-from', 'trained-on', 'trained-with'])
    expect(graph.nodes.filter((node) => node.kind === 'version').map((node) => node.label)).toEqual([
      'chest-radiograph 1.1.0',
      'chest-radiograph 1.0.0',
    ])
    const known = new Set(graph.nodes.map((node) => node.id))
    expect(graph.edges.flatMap((edge) => [edge.from, edge.to]).filter((id) => !known.has(id))).toEqual([])
  })

  it('lists runtime, graphs with operators, weights and licence as CycloneDX, the same each time', async () => {
    const read = async (): Promise<string> => (await hub.request('GET', at('/versions/1.1.0/sbom'))).text()
    const text = await read()
    expect(await read()).toBe(text)
    const bom = JSON.parse(text) as {
      metadata: { component: { licenses: unknown } }
      components: { name: string; properties?: { name: string; value: string }[] }[]
      dependencies: { ref: string; dependsOn: string[] }[]
    }
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 })
    expect(bom.metadata.component.licenses).toEqual([{ license: { id: 'Apache-2.0' } }])
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
    expect(bom.components[0]).toMatchObject({ name: 'onnxruntime-node', version })
    const backbone = bom.components.find((one) => one.name === 'backbone.onnx')?.properties ?? []
    expect(backbone.find((one) => one.name === 'leadglass:onnx:operator:Conv')?.value).toMatch(/^\d+$/)
    expect(Number(backbone.find((one) => one.name === 'leadglass:onnx:weights')?.value)).toBeGreaterThan(100_000)
    expect(bom.dependencies[0]?.dependsOn).toHaveLength(bom.components.length)
  })

  it('compares two versions: figures, parameters, what the cards say', async () => {
    const answer = (await hub.get(at('/comparison?first=1.0.0&second=1.1.0'))) as {
      figures: { name: string; first: unknown; second: unknown }[]
      parameters: { path: string }[]
      card: { path: string }[]
    }
    expect(answer.figures.some((one) => one.name === 'view.ap auc' && one.first === null)).toBe(true)
    expect(answer.parameters.map((one) => one.path)).toContain('headSelection')
    expect(answer.card.map((one) => one.path)).toContain('version')
    expect((await hub.request('GET', at('/comparison?first=1.0.0&second=9.9.9'))).status).toBe(404)
  })

  it('gives the card in every form', async () => {
    expect(await hub.get(at('/versions/1.1.0/card'))).toMatchObject({ complete: true, riskClass: 'low', gaps: [] })
    const type = async (format: string): Promise<string | null> =>
      (await hub.request('GET', at(`/versions/1.1.0/card/${format}`))).headers.get('content-type')
    expect(await type('pdf')).toBe('application/pdf')
    expect(await type('xml')).toBe('application/xml; charset=utf-8')
    expect(await type('fhir')).toBe('application/fhir+json; charset=utf-8')
    expect((await hub.request('GET', at('/versions/1.1.0/card/html'))).status).toBe(400)
  })

  it('takes webhooks of known events and plain addresses only', async () => {
    const add = (body: unknown) => hub.request('POST', '/api/webhooks', body)
    const events = ['model.registered']
    const made = await add({ url: 'https://hooks.example/x', events })
    expect(made.status).toBe(201)
    const { webhook } = (await made.json()) as { webhook: string }
    for (const url of ['file:///etc/passwd', 'javascript:x', 'https://a:b@hooks.example/', 'x'.repeat(3000)]) {
      expect((await add({ url, events })).status, url.slice(0, 40)).toBe(400)
    }
    expect((await add({ url: 'https://hooks.example/', events: ['session.opened'] })).status).toBe(400)
    expect((await hub.request('DELETE', `/api/webhooks/${webhook}`)).status).toBe(200)
  })
})

describe('comparison', () => {
  const figure = fc.record({
    name: fc.constantFrom('auc', 'brier'),
    split: fc.constantFrom('test', 'held-out'),
    subgroup: fc.constant(null),
    value: fc.double({ noNaN: true, min: 0, max: 1 }),
    low: fc.constant(null),
    high: fc.constant(null),
    cases: fc.constant(null),
  })

  it('holds every figure of both sides once, and turns round with them', () => {
    fc.assert(
      fc.property(fc.array(figure), fc.array(figure), (first: Figure[], second: Figure[]) => {
        const rows = compareFigures(first, second)
        expect(rows.filter((row) => row.first !== null)).toHaveLength(first.length)
        expect(rows.filter((row) => row.second !== null)).toHaveLength(second.length)
        const turned = compareFigures(second, first)
        const sums = (of: typeof rows): number[] => of.map((row) => Math.abs(row.difference ?? 0)).sort((a, b) => a - b)
        expect(sums(turned)).toEqual(sums(rows))
      }),
    )
  })

  it('finds no difference between equal values, and each leaf that differs', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(differences(value as never, structuredClone(value) as never)).toEqual([])
      }),
    )
    expect(differences({ a: [1, { b: 2 }], c: 'x' }, { a: [1, { b: 3 }], d: null })).toEqual([
      { path: 'a[1].b', first: '2', second: '3' },
      { path: 'c', first: 'x', second: null },
      { path: 'd', first: null, second: 'null' },
    ])
  })
})
