import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createNoteVerifier, parseVerifierKey } from '../audit-log/index.ts'
import type { Acknowledgement, ApprovalPolicy, DeviceId } from '../contract/index.ts'
import {
  KIT_ACKNOWLEDGEMENTS,
  KIT_REPOSITORY,
  type KitInbox,
  type KitResult,
  openKitAcknowledgement,
  readBoundedFile,
  readKitList,
} from '../exchange/index.ts'
import type { Clock, Logger, Service } from '../foundation/index.ts'
import {
  FolderFetcher,
  type HighWaterMarks,
  rehearseKit,
  type UpdateClient,
  type UpdateOutcome,
} from '../updates/index.ts'

const LOOK_MS = 1000
const MOST_NOTE_BYTES = 64 * 1024

export interface KitDeskParts {
  readonly device: DeviceId
  readonly inbox: KitInbox
  readonly stateFolder: string
  /** Undefined for as long as no root is pinned. */
  readonly trust: { readonly initialRoot: Uint8Array; readonly policy: ApprovalPolicy } | undefined
  /** C2SP verifier key of the hub's log, by which acknowledgements are believed. */
  readonly hubLogKeyFile: string | null
  readonly client: Pick<UpdateClient, 'refreshFrom'> | undefined
  readonly marks: HighWaterMarks
  readonly acknowledge: (answer: Acknowledgement) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Takes kits that a person handed over, by the same client, state and marks as over the link and never beside it. Everything
 * in a kit is judged before anything of it counts. Opens no socket.
 */
export class KitDesk implements Service {
  readonly #parts: KitDeskParts
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(parts: KitDeskParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    await this.#parts.inbox.recover()
    this.#timer = setInterval(() => {
      this.#running ??= this.look()
        .catch((error: unknown) => {
          const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
          this.#parts.logger.error('agent.kit-not-taken', { code })
        })
        .finally(() => {
          this.#running = undefined
        })
    }, LOOK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** Takes every kit that waits. */
  async look(): Promise<void> {
    for (let kit = await this.#parts.inbox.claim(); kit !== undefined; kit = await this.#parts.inbox.claim()) {
      const result = await this.#take(kit.folder)
      this.#parts.logger.info('agent.kit', { outcome: result.outcome, code: result.code })
      await this.#parts.inbox.settle(kit, result)
    }
  }

  async #take(folder: string): Promise<KitResult> {
    const { client, acknowledge } = this.#parts
    const read = await readKitList(folder, 'to-site')
    if (read.kind === 'refused') return refused(read.code, read.message)
    const answer = await this.#answer(
      folder,
      read.list.files.map(({ path }) => path),
    )
    if (answer.kind === 'refused') return refused('acknowledgement-not-signed', answer.message)
    const hasRepository = read.list.files.some(({ path }) => path.startsWith(`${KIT_REPOSITORY}/`))
    let models: readonly string[] = []
    if (hasRepository) {
      const repository = join(folder, KIT_REPOSITORY)
      const fault = await this.#rehearse(repository)
      if (fault !== undefined) return fault
      const outcome = await client?.refreshFrom(new FolderFetcher({ folder: repository }))
      const late = outcome === undefined ? undefined : faultOf(outcome)
      if (late !== undefined) return late
      models = outcome?.kind === 'verified' ? outcome.releases.map(({ model }) => `${model.name}@${model.version}`) : []
    }
    if (answer.kind === 'answer') await acknowledge(answer.answer)
    return {
      schema: 'leadglass.kit-result/1',
      outcome: 'taken',
      code: null,
      message: answer.kind === 'answer' ? 'What the hub had committed counts as delivered.' : answer.message,
      models: [...models],
      acknowledged: answer.kind === 'answer',
    }
  }

  /** The whole check without leaving anything behind: what is refused in one part must not let another part in. */
  async #rehearse(repository: string): Promise<KitResult | undefined> {
    const { trust, stateFolder, marks, clock, logger } = this.#parts
    if (trust === undefined) {
      return refused('root-not-pinned', 'This box has pinned no root. Join its hub, or provision it, first.')
    }
    const options = { ...trust, kitFolder: repository, highWaterMarks: marks, clock, logger }
    return faultOf(await rehearseKit({ ...options, stateFolder: join(stateFolder, 'kit-rehearsal') }))
  }

  async #answer(
    folder: string,
    paths: readonly string[],
  ): Promise<
    | { readonly kind: 'answer'; readonly answer: Acknowledgement }
    | { readonly kind: 'none' | 'refused'; readonly message: string }
  > {
    const { device, hubLogKeyFile } = this.#parts
    const path = `${KIT_ACKNOWLEDGEMENTS}/${device}.note`
    if (!paths.includes(path)) return { kind: 'none', message: 'It says nothing of what the hub had from this box.' }
    const text = hubLogKeyFile === null ? undefined : await readFile(hubLogKeyFile, 'utf8').catch(() => undefined)
    const key = text === undefined ? undefined : parseVerifierKey(text.trim())
    if (key === undefined) {
      return { kind: 'none', message: 'Its acknowledgement was left aside: this box has not pinned its hub’s log.' }
    }
    const note = await readBoundedFile(join(folder, path), MOST_NOTE_BYTES)
    const answer =
      note.kind === 'bytes'
        ? openKitAcknowledgement(Buffer.from(note.bytes).toString('utf8'), device, createNoteVerifier(key))
        : undefined
    return answer === undefined
      ? {
          kind: 'refused',
          message: 'The acknowledgement is not signed by this box’s hub for this box. Nothing was taken.',
        }
      : { kind: 'answer', answer }
  }
}

function faultOf(outcome: UpdateOutcome): KitResult | undefined {
  if (outcome.kind === 'unreachable') return refused(`kit-${outcome.reason}`, outcome.message)
  if (outcome.kind === 'refused') return refused(outcome.attack, outcome.message)
  const [first] = outcome.refused
  return first === undefined ? undefined : refused(first.attack, first.message)
}

function refused(code: string, message: string): KitResult {
  return { schema: 'leadglass.kit-result/1', outcome: 'refused', code, message, models: [], acknowledged: false }
}
