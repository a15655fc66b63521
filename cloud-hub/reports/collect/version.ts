import type { ApprovalPolicy, ModelReference } from '@leadglass/sync-agent/contract'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type { SignedLog } from '../../audit/signed-logs.ts'
import type { ChangeDesk } from '../../change-control/index.ts'
import type { Fleet, ReportedBook } from '../../fleet/index.ts'
import type { GovernanceRepository, Proposal } from '../../governance/index.ts'
import { type ModelVersion, versionState } from '../../registry/index.ts'
import { type Collected, type Evidence, entryEvidence, type Finding, recordEvidence } from '../evidence.ts'
import { asJson, together } from './collector.ts'
import { provenEntry } from './entries.ts'
import { cardOf, countedOf, driftOf, type ModelParts } from './models.ts'

/** How the signed repository speaks of a version. */
export interface RepositoryListing {
  /** Number and end of the metadata that list it; null when it is not listed. */
  readonly listed: {
    readonly metadataVersion: number
    readonly expires: string
    readonly metadataSha256: string
  } | null
  /** SHA-256 of the published statement about its files; null without one. */
  readonly statementSha256: string | null
  /** Number of the list of recalls that was looked at; null before the first one. */
  readonly recallsVersion: number | null
  readonly isRecalled: boolean
}

/** What a report about one version reads besides the models themselves. */
export interface VersionParts extends ModelParts {
  readonly governance: GovernanceRepository
  readonly policy: ApprovalPolicy | null
  readonly change: ChangeDesk
  readonly reported: ReportedBook
  readonly fleet: Fleet
  readonly leafOf: (proposal: string, person: string) => number | undefined
  readonly hubLog: () => SignedLog | undefined
  /** Undefined before the key ceremony. */
  readonly listing: (model: ModelReference) => Promise<RepositoryListing | undefined>
}

/** Everything that is known of one version. */
export async function collectVersion(parts: VersionParts, version: ModelVersion): Promise<Collected> {
  const { model, manifest, parent, author, importedAt } = version
  const { lineage } = manifest as { readonly lineage?: unknown }
  const alerts = parts.drift.list().filter((one) => one.model === model.name && one.version === model.version)
  const rollouts = parts.rollouts.all().filter((one) => one.model.digest === model.digest)
  const evidence: Evidence[] = [
    recordEvidence(
      'version-lineage',
      'registry',
      `entered at ${importedAt}, made by ${author}`,
      asJson({ model, parent, author, lineage: lineage ?? null }),
    ),
    ...(rollouts.length === 0
      ? []
      : [recordEvidence('version-rollouts', 'rollouts', `${rollouts.length} rollouts`, asJson(rollouts))]),
  ]
  return together([
    { evidence, findings: [] },
    await cardOf(parts.cards, version, 'version-card'),
    signaturesOf(parts, model),
    await repositoryOf(parts, model),
    await changeOf(parts, version),
    driftOf(alerts, countedOf(parts.database, model.digest), 'version-drift'),
    sitesOf(parts, model),
  ])
}

function signaturesOf(parts: VersionParts, model: ModelReference): Collected {
  const { governance, policy } = parts
  const proposals = governance.proposalsOf(model.digest)
  const state = policy === null ? 'candidate' : versionState(proposals, policy)
  const proposal = proposals.find(({ closed }) => closed === 'published')
  if (state !== 'published' || proposal === undefined) {
    return {
      evidence: [],
      findings: [
        { fact: 'version-signatures', words: `The version is not approved: it is ${state.replaceAll('-', ' ')}.` },
      ],
    }
  }
  const shown = proposal.signatures.map(({ person, role, printedName, meaning, signedAt, keyid, signature }) => ({
    person,
    role,
    printedName,
    meaning,
    signedAt,
    keyid,
    signatureSha256: digestOf(signature),
  }))
  const content = asJson({
    approval: proposal.id,
    signedBytesSha256: proposal.signedBytes === null ? null : digestOf(proposal.signedBytes),
    signatures: shown,
  })
  const words = shown
    .map(({ printedName, role, meaning, signedAt }) => `${printedName} (${role}), ${meaning}, ${signedAt}`)
    .join('; ')
  return {
    evidence: [
      recordEvidence('version-signatures', `approval ${proposal.id}`, words, content),
      ...leavesOf(parts, proposal),
    ],
    findings: [],
  }
}

function leavesOf({ leafOf, hubLog }: VersionParts, proposal: Proposal): Evidence[] {
  const log = hubLog()
  return proposal.signatures.flatMap(({ person, printedName, meaning }) => {
    const index = leafOf(proposal.id, person)
    const proof = index === undefined ? undefined : provenEntry(log, index)
    if (index === undefined || proof === undefined || log === undefined) return []
    return [
      entryEvidence('version-signatures', `entry of the signature of ${printedName}, ${meaning}`, {
        log: log.log.origin,
        index,
        proof,
      }),
    ]
  })
}

async function repositoryOf({ listing }: VersionParts, model: ModelReference): Promise<Collected> {
  const found = await listing(model)
  if (found === undefined) return { evidence: [], findings: [] }
  const { listed, statementSha256, recallsVersion, isRecalled } = found
  const evidence: Evidence[] = []
  const findings: Finding[] = isRecalled
    ? [{ fact: 'version-recall', words: 'The version is recalled: no box runs it once it has seen that.' }]
    : []
  if (listed !== null) {
    evidence.push(
      recordEvidence(
        'version-listed',
        'repository, approved-models',
        `listed in metadata ${listed.metadataVersion}, valid until ${listed.expires}`,
        asJson({ model, ...listed }),
      ),
    )
  }
  if (statementSha256 !== null) {
    evidence.push(
      recordEvidence('version-statement', 'repository, statement', `statement ${statementSha256}`, {
        ...model,
        statementSha256,
      }),
    )
  }
  if (recallsVersion !== null) {
    evidence.push(
      recordEvidence(
        'version-recall',
        'repository, recalls',
        `list of recalls ${recallsVersion}: ${isRecalled ? 'on it' : 'not on it'}`,
        { ...model, recallsVersion, isRecalled },
      ),
    )
  }
  return { evidence, findings }
}

async function changeOf({ change }: VersionParts, version: ModelVersion): Promise<Collected> {
  const found = await change.determine(version)
  if (found === undefined) return { evidence: [], findings: [] }
  const { plan, determination } = found
  const states = `${determination.within ? 'within' : 'outside'} plan ${plan.plan.version}: ${determination.modifications.join(', ') || 'no modification'}`
  const reasons = determination.reasons.map(({ kind }) => kind.replaceAll('-', ' ')).join(', ')
  return {
    evidence: [
      recordEvidence('version-change', `plan ${plan.digest}`, states, asJson({ plan: plan.digest, determination })),
    ],
    findings: determination.within
      ? []
      : [{ fact: 'version-change', words: `The version is outside the plan: ${reasons}.` }],
  }
}

function sitesOf({ fleet, reported }: VersionParts, model: ModelReference): Collected {
  const evidence = fleet.devices().flatMap(({ device, revokedAt }): Evidence[] => {
    const row = revokedAt === null ? reported.read(device) : undefined
    if (row?.document === undefined || row.refusal !== null) return []
    const { document, version, chain, at } = row
    const isRunning = document.models.some((one) => one.model.digest === model.digest)
    const activation = document.activations?.find((one) => one.model.digest === model.digest)
    if (!isRunning && activation === undefined) return []
    const states = `${device}: ${isRunning ? 'scores' : 'does not score'}${activation === undefined ? '' : `, ${activation.state.replaceAll('-', ' ')}, taken back ${activation.attempts} times`}, reported at ${at}`
    return [
      recordEvidence(
        'version-sites',
        `signed state of ${device}`,
        states,
        asJson({ device, version, chain, at, isRunning, activation: activation ?? null }),
      ),
    ]
  })
  return { evidence, findings: [] }
}
