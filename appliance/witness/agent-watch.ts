import { vocabularyCode } from '@leadglass/sync-agent/contract'
import type { AgentStatus, AgentStatusFile, IdentityStatus, IdentityStatusFile } from '@leadglass/sync-agent/exchange'
import type { AuditSink } from '../egress/index.ts'

/** Also what bounds the entries that a link makes which comes and goes. */
export const AGENT_EVERY_MS = 10_000
/** Of one event. */
const MOST_CODES = 32

/** What the agent says, by subject: the codes of an entry, and whether they are bad news. */
type Facts = ReadonlyMap<string, { readonly codes: readonly string[]; readonly isGood: boolean }>

/**
 * Takes what the agent did into the record: the link, updates that it verified or refused, its certificate, its settings,
 * files that it did not carry. It has no log of its own, because it holds no database; and what it says here is a
 * statement of the agent, which the hub's own entries (`device.renewed`, `ingest.committed`) stand beside.
 */
export class AgentWatch {
  readonly #parts: {
    readonly status: Pick<AgentStatusFile, 'read'>
    readonly identity: Pick<IdentityStatusFile, 'read'>
    readonly audit: Pick<AuditSink, 'recordNow'>
  }
  #known: Facts = new Map()

  constructor(parts: {
    readonly status: Pick<AgentStatusFile, 'read'>
    readonly identity: Pick<IdentityStatusFile, 'read'>
    readonly audit: Pick<AuditSink, 'recordNow'>
  }) {
    this.#parts = parts
  }

  /** One look: one entry for everything that changed. A file that cannot be read is left to the next look. */
  async look(): Promise<void> {
    const { status, identity, audit } = this.#parts
    const [agent, own] = await Promise.all([
      status.read().catch(() => undefined),
      identity.read().catch(() => undefined),
    ])
    const now: Facts = new Map([
      ...(agent?.kind === 'value' ? factsOf(agent.value) : []),
      ...(own?.kind === 'value' ? identityFacts(own.value) : []),
    ])
    const changed = [...now].filter(([name, { codes }]) => (this.#known.get(name)?.codes ?? []).join() !== codes.join())
    if (changed.length === 0) return
    audit.recordNow({
      event: 'agent.reported',
      actor: { kind: 'system', id: 'agent' },
      subject: null,
      outcome: changed.every(([, { isGood }]) => isGood) ? 'success' : 'failure',
      codes: changed.flatMap(([, { codes }]) => codes).slice(0, MOST_CODES),
    })
    this.#known = new Map([...this.#known, ...changed])
  }
}

function factsOf({
  link,
  updates,
  refusedFiles,
  settings,
}: AgentStatus): [string, { codes: string[]; isGood: boolean }][] {
  return [
    ['link', { codes: [`link-${link}`], isGood: link === 'up' }],
    ['files', { codes: refusedFiles === 0 ? [] : [`files-refused-${refusedFiles}`], isGood: refusedFiles === 0 }],
    ['settings', { codes: settings === null ? [] : [`settings-${settings}`], isGood: true }],
    [
      'updates',
      {
        codes: updates === null ? [] : said(`updates.${updates.outcome}`, updates.code),
        isGood: updates === null || (updates.outcome === 'verified' && updates.code === null),
      },
    ],
  ]
}

function identityFacts({ certificate, problem }: IdentityStatus): [string, { codes: string[]; isGood: boolean }][] {
  const until = certificate?.notAfter.slice(0, 19).toLowerCase().replaceAll(':', '-')
  return [
    ['certificate', { codes: until === undefined ? [] : [`certificate-until-${until}`], isGood: true }],
    [
      'identity',
      {
        codes: problem === null ? ['identity-well'] : said('identity.problem', problem.code),
        isGood: problem === null,
      },
    ],
  ]
}

function said(...codes: readonly (string | null)[]): string[] {
  return codes.flatMap((code) => vocabularyCode.safeParse(code).data ?? [])
}
