import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Every place in the appliance's folder. */
export interface ApplianceFolders {
  readonly records: string
  readonly settings: string
  readonly secrets: string
  readonly siteSecret: string
  readonly databaseKey: string
  readonly spoolKey: string
  readonly auditKey: string
  readonly auditVerifierKey: string
  readonly operatorToken: string
  readonly spool: string
  readonly work: string
  readonly models: string
  readonly trust: string
  readonly initialRoot: string
  readonly policy: string
  readonly trustState: string
  /** Approvals by the hospital, one file a version. */
  readonly siteApprovals: string
}

/**
 * The layout below an appliance's data folder.
 * @param keys where the keys that protect the data lie, when that is elsewhere.
 */
export function applianceFolders(folder: string, keys?: string): ApplianceFolders {
  const secrets = join(folder, 'secrets')
  const protecting = keys ?? secrets
  const trust = join(folder, 'trust')
  return {
    records: join(folder, 'records.db'),
    settings: join(folder, 'settings.json'),
    secrets,
    siteSecret: join(protecting, 'site.secret'),
    databaseKey: join(protecting, 'database.key'),
    spoolKey: join(protecting, 'spool.key'),
    auditKey: join(secrets, 'audit-signing-key.pem'),
    auditVerifierKey: join(folder, 'audit-verifier-key.txt'),
    operatorToken: join(secrets, 'operator-token'),
    spool: join(folder, 'spool'),
    work: join(folder, 'work'),
    models: join(folder, 'models'),
    trust,
    initialRoot: join(trust, 'initial-root.json'),
    policy: join(trust, 'policy.json'),
    trustState: join(trust, 'state'),
    siteApprovals: join(trust, 'site-approvals'),
  }
}

/** Makes the folders, for the owner only. */
export async function makeApplianceFolders(folder: string, keys?: string): Promise<ApplianceFolders> {
  const folders = applianceFolders(folder, keys)
  const { secrets, spool, work, models, trust, trustState, siteApprovals } = folders
  for (const path of [folder, secrets, spool, work, models, trust, trustState, siteApprovals]) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  }
  return folders
}

/** Removes what a killed run left of its work: de-identified copies, and packages that were still being copied. */
export async function clearLeftovers({ work, models }: ApplianceFolders): Promise<void> {
  for (const name of await readdir(work)) await rm(join(work, name), { recursive: true, force: true })
  for (const name of await readdir(models)) {
    if (name.startsWith('.staging-')) await rm(join(models, name), { recursive: true, force: true })
  }
}
