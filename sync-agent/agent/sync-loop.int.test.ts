import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Acknowledgement, deviceId, STREAMS, type StreamName } from '../contract/index.ts'
import {
  AcknowledgedFile,
  AgentStatusFile,
  DesiredStateFile,
  decodeBatch,
  ensureExchangeFolders,
  exchangePaths,
  OutboxReader,
  OutboxWriter,
  SyncPolicyFile,
} from '../exchange/index.ts'
import { createLogger, monotonicClock, systemClock, systemRandomness } from '../foundation/index.ts'
import type { LinkState, Transport } from '../transport/index.ts'
import { eventually } from '../transport/testing/eventually.ts'
import { WINDOW_DEFAULTS } from './send-window.ts'
import { StatusReporter } from './status-reporter.ts'
import { SyncLoop } from './sync-loop.ts'
import { EnvelopeSource } from './testing/envelopes.ts'

const DEVICE = deviceId.parse('test-box')

/** A link that is up and hands over what is published; a test gives the answers, as many at once as it likes. */
class HeldTransport implements Transport {
  readonly published: Uint8Array[] = []
  #onAcknowledgement: (answer: Acknowledgement) => void = () => undefined

  start(): Promise<void> {
    return Promise.resolve()
  }
  stop(): Promise<void> {
    return Promise.resolve()
  }
  publish(batch: Uint8Array): Promise<void> {
    this.published.push(batch)
    return Promise.resolve()
  }
  onAcknowledgement(listener: (answer: Acknowledgement) => void): void {
    this.#onAcknowledgement = listener
  }
  onDesired(): void {
    // Nothing is wished here.
  }
  onLink(listener: (state: LinkState) => void): void {
    listener({ kind: 'up' })
  }

  /** Answers everything that was published, in one turn, as answers come that lie in one packet of the network. */
  answerAll(): void {
    for (const bytes of this.published.splice(0)) {
      const decoded = decodeBatch(bytes)
      if (decoded.kind !== 'batch') throw new Error(`a batch was published that cannot be read: ${decoded.kind}`)
      const { batch, envelopes } = decoded.batch
      const marks = new Map(envelopes.map(({ epoch, stream, sequence }) => [stream, { epoch, stream, sequence }]))
      this.#onAcknowledgement({
        schema: 'leadglass.acknowledgement/1',
        device: DEVICE,
        batch,
        watermarks: [...marks.values()],
        refused: [],
        cosigned: null,
      })
    }
  }
}

describe('the loop of the agent', () => {
  let folder: string
  let loop: SyncLoop
  let transport: HeldTransport

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sync-loop-'))
    const paths = await ensureExchangeFolders(folder)
    transport = new HeldTransport()
    loop = new SyncLoop(
      // An answer that is lost would be waited for longer than this test does.
      { pollMs: 5, idlePollMs: 5, limits: { ...WINDOW_DEFAULTS, acknowledgementTimeoutMs: 600_000 } },
      {
        transport,
        reader: new OutboxReader({ exchangeFolder: folder, device: DEVICE }),
        acknowledgedFile: new AcknowledgedFile(paths.acknowledged),
        desiredFile: new DesiredStateFile(paths.desired),
        policyFile: new SyncPolicyFile(paths.policy),
        status: new StatusReporter(new AgentStatusFile(paths.agentStatus), DEVICE, systemClock, 60_000),
        onHint: () => undefined,
        clock: systemClock,
        monotonicClock,
        randomness: systemRandomness,
        logger: createLogger('sync-agent', { write: () => undefined }),
      },
    )
  })
  afterEach(async () => {
    await loop.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('takes every one of many answers that come at once, and writes all of them down', async () => {
    const source = new EnvelopeSource(DEVICE)
    const writer = new OutboxWriter({ exchangeFolder: folder, device: DEVICE })
    await writer.start()
    await writer.write(source.next(40))
    await loop.start()
    await eventually('a batch of each stream on its way', () => transport.published.length === 5)
    transport.answerAll()
    const file = new AcknowledgedFile(exchangePaths(folder).acknowledged)
    const written = async (): Promise<StreamName[]> => {
      const read = await file.read()
      const marks = read.kind === 'value' ? read.value.watermarks : []
      return marks.filter(({ sequence }) => sequence === 8).map(({ stream }) => stream)
    }
    await eventually('every stream written down', async () => (await written()).length === STREAMS.length, 5_000)
    expect((await written()).sort()).toEqual([...STREAMS].sort())
  })
})
