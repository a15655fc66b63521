import { DimseServer, type InstanceSink } from '@leadglass/appliance/dimse'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'

/** A C-STORE SCP on loopback that remembers when it accepted which result, and keeps nothing else. */
export class TimedSink {
  readonly aeTitle = 'BENCH_PACS'
  readonly #accepted: { readonly at: number; readonly bytes: Buffer }[] = []
  readonly #server: DimseServer

  constructor() {
    this.#server = new DimseServer({
      host: '127.0.0.1',
      port: 0,
      aeTitle: this.aeTitle,
      policy: { decide: () => ({ kind: 'accepted' }) },
      storage: {
        begin: () => this.#sink(),
        associationAccepted() {},
        associationRejected() {},
        associationEnded() {},
      },
      clock: systemClock,
      logger: silentLogger,
    })
  }

  /** Port it listens on, once started. */
  get port(): number {
    return this.#server.port
  }

  /** Results accepted so far. */
  get accepted(): number {
    return this.#accepted.length
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  /** When the first result of a study was accepted, on the scale of `performance.now()`; the result names the study by its UID. */
  acceptedAt(studyUid: string): number | undefined {
    return this.#accepted.find(({ bytes }) => bytes.includes(studyUid))?.at
  }

  #sink(): InstanceSink {
    const pieces: Buffer[] = []
    return {
      write: (bytes) => {
        pieces.push(Buffer.from(bytes))
      },
      commit: async () => {
        this.#accepted.push({ at: performance.now(), bytes: Buffer.concat(pieces) })
        return { kind: 'stored' }
      },
      async discard() {},
    }
  }
}
