import { join } from 'node:path'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './audit/index.ts'
import type { GovernanceRepository } from './governance/index.ts'
import { hubRun, type MlflowParts, mlflowRunId, RegistryView, RunBook } from './mlflow-api/index.ts'
import { AliasBook, type PackageStore, type Registry, versionState } from './registry/index.ts'
import type { RunStore } from './training/index.ts'
import { WebhookBook, WebhookSender } from './webhooks/index.ts'

/** Training runs that MLflow's clients are shown, the newest first. */
const SHOWN_RUNS = 1000

/** What the registry's tools are made of. */
export interface RegistryToolParts {
  readonly database: Database.Database
  readonly registry: Registry
  readonly store: PackageStore
  readonly governance: GovernanceRepository
  /** Null before the key ceremony: nothing can be signed, so everything is a candidate. */
  readonly policy: ApprovalPolicy | null
  readonly runs: RunStore
  readonly audit: HubAudit
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** Aliases, the MLflow API and webhooks over one registry. */
export function composeRegistry(parts: RegistryToolParts): {
  readonly aliases: AliasBook
  readonly mlflow: MlflowParts
  readonly webhooks: WebhookBook
  readonly sender: WebhookSender
} {
  const { database, registry, store, governance, policy, runs, audit, clock, randomness, logger } = parts
  const stateOf = (digest: string): ReturnType<typeof versionState> =>
    policy === null ? 'candidate' : versionState(governance.proposalsOf(digest), policy)
  const aliases = new AliasBook({ database, registry, clock, stateOf })
  const book = new RunBook({ database, clock })
  const runOf = (digest: string): string | undefined => {
    const found = runs.runs(SHOWN_RUNS).find((one) => one.candidate?.digest === digest)
    return found === undefined ? undefined : mlflowRunId(found.run)
  }
  const files: MlflowParts['files'] = (digest) =>
    registry.version(digest)?.manifest.files.map(({ path, bytes }) => ({ path, bytes }))
  const mlflow: MlflowParts = {
    view: new RegistryView({ database, registry, aliases, runs: book, runOf }),
    runs: book,
    hubRuns: () => runs.runs(SHOWN_RUNS).map(hubRun),
    names: () => registry.names(),
    files,
    // Only what the manifest lists, by its exact path: no other path reaches the file system.
    file: async (digest, path) => {
      const listed = files(digest)?.find((one) => one.path === path)
      return listed === undefined ? undefined : { path: join(store.path(digest), path), bytes: listed.bytes }
    },
    record: (event, account, subject, ...codes) =>
      audit.record({ event, actor: { kind: 'person', id: account }, subject, outcome: 'success', codes }),
  }
  const webhooks = new WebhookBook({ database, log: audit.log, clock, randomness })
  return { aliases, mlflow, webhooks, sender: new WebhookSender(webhooks, clock, logger) }
}
