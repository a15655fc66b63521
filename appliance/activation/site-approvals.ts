import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApprovalPolicy, ModelReference } from '@leadglass/sync-agent/contract'
import { type Approval, checkSiteApproval, type SiteApprovalOutcome } from '@leadglass/sync-agent/updates'

/** Longest file that is read; an envelope is far shorter. */
const MOST_BYTES = 65_536
const NAME = /^[0-9a-f]{64}\.json$/

/** Approvals by the hospital, one file a version, `trust/site-approvals/<digest>.json`. Read anew for every decision. */
export class SiteApprovals {
  readonly #folder: string
  readonly #policy: Pick<ApprovalPolicy, 'siteApproval'>

  constructor(options: { readonly folder: string; readonly policy: Pick<ApprovalPolicy, 'siteApproval'> }) {
    this.#folder = options.folder
    this.#policy = options.policy
  }

  /** Whether the hospital agreed to a version that the hub's approvers approved. */
  async check(model: ModelReference, approvals: readonly Approval[]): Promise<SiteApprovalOutcome> {
    if (this.#policy.siteApproval === undefined) return { kind: 'not-asked' }
    return checkSiteApproval(model, approvals, this.#policy, await this.#envelope(model.digest))
  }

  /** Changes whenever an approval is put there; empty where none is asked for. */
  async revision(): Promise<string> {
    if (this.#policy.siteApproval === undefined) return ''
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => NAME.test(name)).sort()
    const parts: string[] = []
    for (const name of names) {
      const found = await stat(join(this.#folder, name)).catch(() => undefined)
      parts.push(`${name}:${found?.mtimeMs ?? 0}`)
    }
    return `|${parts.join(',')}`
  }

  async #envelope(digest: string): Promise<unknown> {
    try {
      const bytes = await readFile(join(this.#folder, `${digest}.json`))
      return bytes.length > MOST_BYTES ? null : JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      // What is there and cannot be read is refused with a reason, not taken for absent.
      return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : null
    }
  }
}
