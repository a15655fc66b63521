import { DimseServer, type InstanceFacts, type InstanceSink, type StorageService } from '@leadglass/appliance/dimse'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'

const ENHANCED_SR_CLASSES = new Set([
  '1.2.840.10008.5.1.4.1.1.88.11',
  '1.2.840.10008.5.1.4.1.1.88.22',
  '1.2.840.10008.5.1.4.1.1.88.33',
  '1.2.840.10008.5.1.4.1.1.88.34',
])

/**
 * A destination of results on loopback, standing for the PACS in a rehearsal: a real C-STORE SCP that counts the
 * structured reports it accepts, each SOP instance once, and keeps nothing.
 */
export class ResultSink {
  readonly aeTitle = 'REHEARSAL_PACS'
  readonly #accepted = new Set<string>()
  readonly #server: DimseServer

  constructor() {
    this.#server = new DimseServer({
      host: '127.0.0.1',
      port: 0,
      aeTitle: this.aeTitle,
      policy: { decide: () => ({ kind: 'accepted' }) },
      storage: this.#storage(),
      clock: systemClock,
      logger: silentLogger,
    })
  }

  /** Port it listens on, once started. */
  get port(): number {
    return this.#server.port
  }

  /** Number of different structured reports accepted so far. */
  get accepted(): number {
    return this.#accepted.size
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  #storage(): StorageService {
    return {
      begin: (facts) => this.#sink(facts),
      associationAccepted() {},
      associationRejected() {},
      associationEnded() {},
    }
  }

  #sink({ sopClassUid, sopInstanceUid }: InstanceFacts): InstanceSink {
    return {
      write() {},
      commit: async () => {
        if (ENHANCED_SR_CLASSES.has(sopClassUid)) this.#accepted.add(sopInstanceUid)
        return { kind: 'stored' }
      },
      async discard() {},
    }
  }
}
