import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { issueBrokerCertificate } from '@leadglass/cloud-hub/commands'
import { AgentStatusFile, exchangePaths } from '@leadglass/sync-agent/exchange'
import { FakeRepository, fakePackage } from '../../../sync-agent/updates/testing/fake-repository.ts'
import { MqttStage, type Refusal } from './mqtt-stage.ts'
import type { Part, PartOptions, SyncRow } from './part.ts'
import { runScenario } from './scenario.ts'
import { pause, type Site } from './site.ts'

const TITLES: Readonly<Record<Refusal, string>> = {
  unavailable: 'the broker answers CONNACK 3 (unavailable)',
  'not-authorised': 'the broker answers CONNACK 5 (not authorised)',
  'late-puback': 'PUBACK comes 2.5 s late',
  'no-puback': 'PUBACK never comes',
  'no-acknowledgement': 'what the hub acknowledges is lost on its way',
}
/** Every way of saying no. */
export const REFUSALS = ['unavailable', 'not-authorised', 'late-puback', 'no-puback', 'no-acknowledgement'] as const
const HTTP_TITLE = 'the repository answers 500, 503 and 429'
/** In turn; 0 ends the connection in the middle of the body. */
const STATUSES = [500, 503, 429, 0] as const
/** The agent asks again after five seconds, then after longer. */
const FAILED_WITHIN_MS = 90_000
const VERIFIED_WITHIN_MS = 60_000

/** A broker and a hub that say no, or say nothing. */
export const refusals: Part = {
  name: 'refusal',
  summary: 'CONNACK 3 and 5, PUBACK late or never, answers lost; 5xx and 429 of the update repository',
  rows: REFUSALS.length + 1,
  async run(options) {
    const rows: SyncRow[] = []
    for (const refusal of REFUSALS) rows.push(await refusing(refusal, options))
    rows.push(await failingRepository(options))
    return rows
  },
}

async function refusing(refusal: Refusal, options: PartOptions): Promise<SyncRow> {
  let stage: MqttStage | undefined
  try {
    return await runScenario(
      {
        fault: TITLES[refusal],
        site: {
          async stage(site) {
            stage = await stageOf(site)
            return stage.start()
          },
        },
        async inflict(site) {
          await pause(700)
          if (stage === undefined) return 0
          stage.refusal = refusal
          if (refusal === 'unavailable' || refusal === 'not-authorised') stage.drop()
          await pause(options.faultMs)
          await site.noteFault()
          stage.refusal = null
          return stage.touched
        },
      },
      options,
    )
  } finally {
    await stage?.stop()
  }
}

/** A stage in front of a site's broker, with certificates of its hub. */
export async function stageOf(site: Site): Promise<MqttStage> {
  const server = await issueBrokerCertificate({ folder: site.folders.hub, names: ['127.0.0.1', 'localhost'] })
  return new MqttStage(site.proxy.port, server, site.identity)
}

/** Updates come over HTTP; a repository that fails must neither end the agent nor hold envelopes back. */
async function failingRepository(options: PartOptions): Promise<SyncRow> {
  const repository = new FakeRepository(Date.now())
  repository.list(fakePackage({ version: '1.0.0' }))
  repository.publish()
  const server = new FailingRepository(repository.files)
  const pinned = join(options.folder, 'pinned')
  await mkdir(pinned)
  const [initialRootFile, policyFile] = [join(pinned, 'root.json'), join(pinned, 'policy.json')]
  await writeFile(initialRootFile, repository.initialRoot)
  await writeFile(policyFile, JSON.stringify(repository.policy))
  const httpUrl = await server.start()
  try {
    return await runScenario(
      {
        fault: HTTP_TITLE,
        site: { updates: { httpUrl, initialRootFile, policyFile } },
        async inflict(site, failures) {
          await pause(options.faultMs)
          await site.until(() => server.failed >= STATUSES.length, FAILED_WITHIN_MS)
          await site.noteFault()
          server.isFailing = false
          if (server.failed < STATUSES.length) failures.push('not every answer was given once')
          const status = new AgentStatusFile(exchangePaths(site.folders.exchange).agentStatus)
          let outcome = 'none'
          const deadline = Date.now() + VERIFIED_WITHIN_MS
          while (outcome !== 'verified' && Date.now() < deadline) {
            const read = await status.read()
            if (read.kind === 'value') outcome = read.value.updates?.outcome ?? 'none'
            await pause(200)
          }
          if (outcome !== 'verified') failures.push(`the repository was not verified afterwards: ${outcome}`)
          return server.failed
        },
      },
      options,
    )
  } finally {
    await server.stop()
  }
}

/** A repository whose server fails in turn in every way of `STATUSES`, until it is told not to. */
class FailingRepository {
  readonly #files: ReadonlyMap<string, Uint8Array>
  readonly #server = createServer((request, response) => this.#answer(request, response))
  isFailing = true
  failed = 0

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const bytes = this.#files.get((request.url ?? '/').replace(/^\/delivery\//, ''))
    if (!this.isFailing) {
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes)
      return
    }
    const status = STATUSES[this.failed % STATUSES.length] ?? 500
    this.failed += 1
    if (status !== 0) {
      response.writeHead(status, status === 429 || status === 503 ? { 'retry-after': '1' } : {}).end()
      return
    }
    response.writeHead(200, { 'content-length': 1000 })
    response.write('{', () => response.destroy())
  }
}
