import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  answerAddCheckpoint,
  type Checkpoint,
  createCosigner,
  createNoteVerifier,
  encodeAddCheckpoint,
  type NoteVerifier,
  openCheckpoint,
  parseVerifierKey,
  postToWitness,
  requestCosignature,
  TileLog,
  WitnessFile,
  type WitnessTarget,
} from '../audit-log/index.ts'
import { type HubLogState, HubLogStateFile } from '../exchange/index.ts'
import { type Clock, type Logger, type Service, toIsoInstant } from '../foundation/index.ts'
import { comparePeers } from './hub-log-peers.ts'

/** A full tile of hashes has 8,192 bytes; a checkpoint with cosignatures stays below. */
const MAX_BYTES = 64 * 1024
const TIMEOUT_MS = 15_000
/** How old the newest cosignature of another device may be: they look once a minute. */
const FRESH_SECONDS = 900

/** How the hub is spoken to. `get` is undefined for an address that has nothing. @throws when the hub is away. */
export interface HubLogChannel {
  get(path: string): Promise<Uint8Array | undefined>
  post(path: string, body: string): Promise<number>
}

export interface HubLogWitnessDependencies {
  readonly device: string
  /** C2SP verifier key of the hub's log, as it was pinned. */
  readonly hubLogKey: string
  /** PKCS#8 PEM of this device's key as a witness. */
  readonly witnessKeyPem: string
  readonly stateFolder: string
  readonly stateFile: Pick<HubLogStateFile, 'write'>
  readonly channel: HubLogChannel
  readonly witnesses: readonly WitnessTarget[]
  /** C2SP verifier keys of other devices that witness the same log, read anew for each look. */
  readonly peers?: () => Promise<readonly string[]>
  readonly intervalMs: number
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The device as a witness of the hub's log: fetches the checkpoint, works out from tiles that it continues the last one
 * seen, remembers it durably, cosigns, and gives the cosignature back. What does not continue is never cosigned, and is
 * told to the appliance, which records it.
 */
export class HubLogWitness implements Service {
  readonly #dependencies: HubLogWitnessDependencies
  readonly #memory: WitnessFile
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(dependencies: HubLogWitnessDependencies) {
    this.#dependencies = dependencies
    this.#memory = new WitnessFile(join(dependencies.stateFolder, 'hub-log.json'), [dependencies.hubLogKey])
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#running ??= this.#guarded().finally(() => {
        this.#running = undefined
      })
    }, this.#dependencies.intervalMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** One look at the hub's log. @throws when the hub is away or the memory cannot be read. */
  async look(): Promise<HubLogState['state']> {
    const { channel, hubLogKey, stateFile, clock } = this.#dependencies
    const key = parseVerifierKey(hubLogKey)
    if (key === undefined) throw new TypeError('the pinned key of the hub’s log cannot be read')
    const bytes = await channel.get('checkpoint')
    const note = Buffer.from(bytes ?? new Uint8Array(0)).toString('utf8')
    const opened = openCheckpoint(note, [createNoteVerifier(key)])
    const state =
      opened.kind === 'refused' ? 'not-signed' : await this.#judge(note, createNoteVerifier(key), opened.checkpoint)
    const size = (await this.#memory.known(key.name))?.size ?? 0
    await stateFile.write({ schema: 'leadglass.hub-log/1', state, size, at: toIsoInstant(clock.now()) })
    return state
  }

  async #judge(note: string, hubKey: NoteVerifier, checkpoint: Checkpoint): Promise<HubLogState['state']> {
    const { channel, device, witnessKeyPem, clock } = this.#dependencies
    const origin = hubKey.name
    const known = await this.#memory.known(origin)
    if (known === undefined || checkpoint.size < known.size) return 'went-back'
    const tiles = new TileLog(async (path) => (await channel.get(path)) ?? new Uint8Array(0))
    const proof = await tiles.consistency(known, checkpoint)
    if (proof === undefined) return 'diverged'
    const answer = await answerAddCheckpoint(
      encodeAddCheckpoint({ oldSize: known.size, proof, checkpointNote: note }),
      {
        memory: this.#memory,
        cosigner: () =>
          createCosigner(`leadglass/${device}/witness`, createPrivateKey(witnessKeyPem), clock.now() / 1000),
      },
    )
    if (answer.status !== 200) return 'diverged'
    if ((await this.#showOthers(note, tiles, checkpoint)) === 'diverged') return 'diverged'
    const status = await channel.post('cosignatures', `${note}${answer.body}`)
    if (status === 409) return 'diverged'
    // After the cosignature was given back: others wait for it as this device waits for theirs.
    const verdict = await this.#compare(hubKey, checkpoint, tiles)
    if (verdict !== 'agreed') return verdict
    return status === 200 ? 'cosigned' : 'not-taken'
  }

  async #compare(hubKey: NoteVerifier, shown: Checkpoint, tiles: TileLog): ReturnType<typeof comparePeers> {
    const { channel, peers, clock } = this.#dependencies
    return comparePeers({
      peers: (await peers?.()) ?? [],
      hubKey,
      shown,
      tiles,
      cosignedBy: async (device) => {
        const bytes = await channel.get(`cosigned/${device}`)
        return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
      },
      nowSeconds: clock.now() / 1000,
      freshSeconds: FRESH_SECONDS,
    })
  }

  /** Shows the checkpoint to witnesses of others: two devices that were shown two logs meet there. */
  async #showOthers(
    note: string,
    tiles: TileLog,
    checkpoint: { readonly size: number; readonly root: Uint8Array },
  ): Promise<'same' | 'diverged'> {
    for (const { url, key } of this.#dependencies.witnesses) {
      const witness = parseVerifierKey(key)
      if (witness === undefined) continue
      const outcome = await requestCosignature({
        checkpointNote: note,
        proofFrom: (old) => tiles.proof(old, checkpoint.size),
        oldSize: checkpoint.size,
        witness,
        post: postToWitness(url),
      }).catch(() => undefined)
      if (outcome?.kind === 'refused' && outcome.reason === 'diverged') return 'diverged'
    }
    return 'same'
  }

  async #guarded(): Promise<void> {
    const { logger } = this.#dependencies
    try {
      const state = await this.look()
      if (state !== 'cosigned') logger.error('hub-log.refused', { state })
    } catch (cause) {
      logger.warn('hub-log.away', { reason: cause instanceof Error ? cause.name : 'unknown' })
    }
  }
}

/** Speaks to a hub over HTTP. @param base the hub's address. */
export function httpHubLog(base: string): HubLogChannel {
  const address = (path: string): URL => new URL(`/tlog/hub/${path}`, base)
  const limits = (): { redirect: 'error'; signal: AbortSignal } => ({
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  return {
    async get(path) {
      const answer = await fetch(address(path), limits())
      if (answer.status !== 200) return undefined
      const parts: Uint8Array[] = []
      let bytes = 0
      for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array> | Uint8Array[]) {
        bytes += part.length
        if (bytes > MAX_BYTES) throw new RangeError('the hub’s answer is too long')
        parts.push(part)
      }
      return Buffer.concat(parts)
    },
    async post(path, body) {
      const answer = await fetch(address(path), { method: 'POST', body, ...limits() })
      await answer.body?.cancel()
      return answer.status
    },
  }
}

/** Makes the witness that a device's settings ask for. */
export async function createHubLogWitness(
  settings: {
    readonly device: string
    readonly hubUrl: string
    readonly keyFile: string
    readonly witnessKeyFile: string
    readonly witnesses: readonly WitnessTarget[]
    readonly peers: () => Promise<readonly string[]>
    readonly intervalMs: number
    readonly stateFolder: string
    readonly statusFolder: string
  },
  ports: { readonly clock: Clock; readonly logger: Logger },
): Promise<HubLogWitness> {
  const { device, hubUrl, keyFile, witnessKeyFile, witnesses, peers, intervalMs, stateFolder, statusFolder } = settings
  return new HubLogWitness({
    device,
    hubLogKey: (await readFile(keyFile, 'utf8')).trim(),
    witnessKeyPem: await readFile(witnessKeyFile, 'utf8'),
    stateFolder,
    stateFile: new HubLogStateFile(join(statusFolder, 'hub-log.json')),
    channel: httpHubLog(hubUrl),
    witnesses,
    peers,
    intervalMs,
    ...ports,
  })
}
