import { readFile } from 'node:fs/promises'
import { type Clock, digestOf, type Logger, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from './egress/index.ts'
import type { Records, SettingsVersion } from './records/index.ts'
import { type Settings, settingsSchema } from './settings.ts'
import { changeDetail } from './settings-change.ts'

const POLL_MS = 1000

/** Who changed the settings, as the audit log names them. */
export interface SettingsAuthor {
  readonly kind: 'system' | 'person'
  readonly id: string
}

/** The file, edited by hand: who did it is not known. */
const BY_HAND: SettingsAuthor = { kind: 'system', id: 'settings-file' }

export interface SettingsFileParts {
  readonly path: string
  readonly records: Pick<Records, 'settings' | 'transaction'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
  /** Looks at what a schema cannot see, such as files that are named; gives what is wrong, in plain words. */
  readonly check: (settings: Settings) => Promise<readonly string[]>
  /** Told after other settings are in force. */
  readonly onTaken: () => void
}

/** Why the content of the file is not in force. */
export interface SettingsProblem {
  readonly message: string
  /** Milliseconds since 1970. */
  readonly since: number
}

/** What became of an application: another version was in force than the one it was planned from. */
export type ApplyOutcome = { readonly kind: 'applied'; readonly version: number } | { readonly kind: 'stale' }

/**
 * `settings.json`: the settings in force, every version of them with its author, and the file kept in step. The file may
 * be edited by hand: it is read again when it changes. A change that is not understood is not taken, and said.
 */
export class SettingsFile {
  readonly #parts: SettingsFileParts
  #settings: Settings = settingsSchema.parse({})
  #digest = ''
  #seen = ''
  #problem: SettingsProblem | undefined
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: SettingsFileParts) {
    this.#parts = parts
  }

  /** Reads the file; without one the defaults hold. @throws when the file is there and is not understood. */
  async start(): Promise<void> {
    await this.#finishApplying()
    const text = await this.#read()
    if (text !== undefined) {
      const settings = settingsSchema.parse(JSON.parse(text))
      this.#keep(text, BY_HAND, 'file', settings)
      this.#use(settings, digestOf(text))
    }
    this.#timer = setInterval(() => {
      this.look().catch(() => {
        this.#parts.logger.error('settings.unreadable')
      })
    }, POLL_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn.catch(() => undefined)
  }

  /** The settings in force. */
  readonly current = (): Settings => this.#settings

  /** SHA-256 of the text in force; empty while there is no file. */
  get digest(): string {
    return this.#digest
  }

  /** Why the file is not in force; `undefined` while it is. */
  get problem(): SettingsProblem | undefined {
    return this.#problem
  }

  /** The version in force; `undefined` while there is no file. */
  version(): SettingsVersion | undefined {
    return this.#parts.records.settings.newest(1)[0]
  }

  /** Looks at the file now. */
  look(): Promise<void> {
    return this.#inTurn(() => this.#look())
  }

  /**
   * Puts other settings into force and into the file. Version and audit event are on disk before the file is replaced; a
   * start after a crash in between replaces it then.
   * @param base digest of the text that the author saw.
   */
  apply(content: string, settings: Settings, base: string, author: SettingsAuthor): Promise<ApplyOutcome> {
    return this.#inTurn(async () => {
      if (base !== this.#digest) return { kind: 'stale' }
      const digest = digestOf(content)
      const version = this.#keep(content, author, 'interface', settings) ?? this.version()?.version ?? 0
      await writeFileAtomically(this.#parts.path, content)
      this.#parts.records.transaction(() => this.#parts.records.settings.place(version))
      this.#use(settings, digest)
      this.#parts.onTaken()
      return { kind: 'applied', version }
    })
  }

  async #look(): Promise<void> {
    const text = await this.#read()
    if (text === undefined) return
    const digest = digestOf(text)
    if (digest === this.#seen) return
    this.#seen = digest
    const content = parseJson(text)
    if (content === undefined) return this.#refuse('the file is not JSON')
    const parsed = settingsSchema.safeParse(content)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      // Messages of the schema name what is expected, and members that are not known; never a value.
      return this.#refuse(
        `${issue?.path.map(String).join('.') || 'the file'}: ${issue?.message ?? 'is not understood'}`,
      )
    }
    const [wrong] = await this.#parts.check(parsed.data)
    if (wrong !== undefined) {
      this.#refuse(wrong)
      // What is wrong lies outside the file: once it is mended the same text is taken.
      this.#seen = ''
      return
    }
    this.#keep(text, BY_HAND, 'file', parsed.data)
    this.#use(parsed.data, digest)
    this.#parts.logger.info('settings.taken')
    this.#parts.onTaken()
  }

  /** The settings stay as they are. The same complaint is made once. */
  #refuse(message: string): void {
    const { audit, clock, logger } = this.#parts
    if (this.#problem?.message === message) return
    this.#problem = { message, since: clock.now() }
    logger.error('settings.refused', { message })
    const subject = { kind: 'setting', id: 'settings-file' } as const
    audit.recordNow({
      event: 'setting.changed',
      actor: BY_HAND,
      subject,
      outcome: 'refused',
      codes: ['not-understood'],
    })
  }

  #use(settings: Settings, digest: string): void {
    this.#settings = settings
    this.#digest = digest
    this.#seen = digest
    this.#problem = undefined
  }

  /** Writes a version and its event; nothing when the newest version is this very text. */
  #keep(
    content: string,
    author: SettingsAuthor,
    source: SettingsVersion['source'],
    settings: Settings,
  ): number | undefined {
    const { records, audit, clock } = this.#parts
    const digest = digestOf(content)
    const newest = this.version()
    if (newest?.digest === digest) return undefined
    return records.transaction(() => {
      const version = records.settings.insert({
        digest,
        content,
        author: author.kind === 'person' ? author.id : author.id === BY_HAND.id ? 'file' : author.id,
        source,
        placed: source === 'file',
        at: clock.now(),
      })
      audit.record(
        {
          event: 'setting.changed',
          actor: author,
          subject: { kind: 'setting', id: 'settings-file' },
          outcome: 'success',
          codes: [`version-${version}`, ...changedSections(this.#settings, settings)],
        },
        undefined,
        changeDetail(this.#settings, settings),
      )
      return version
    })
  }

  /** The program ended between the version and the file. */
  async #finishApplying(): Promise<void> {
    const newest = this.version()
    if (newest === undefined || newest.placed) return
    await writeFileAtomically(this.#parts.path, newest.content)
    this.#parts.records.transaction(() => this.#parts.records.settings.place(newest.version))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.catch(() => undefined).then(work)
    this.#turn = done
    return done
  }

  async #read(): Promise<string | undefined> {
    try {
      return await readFile(this.#parts.path, 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw cause
    }
  }
}

/** Sections that differ, as codes: `accept-loopback`. */
function changedSections(before: Settings, after: Settings): string[] {
  return (Object.keys(after) as (keyof Settings)[])
    .filter((section) => JSON.stringify(before[section]) !== JSON.stringify(after[section]))
    .map((section) => section.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
