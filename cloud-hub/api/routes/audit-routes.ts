import { type AuditLog, decodeEvent, encodeProof, leafHash, readCheckpoint } from '@leadglass/sync-agent/audit-log'
import { deviceId } from '@leadglass/sync-agent/contract'
import type { LogCheckpoint } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { ApiError } from '../errors.ts'
import { AUDITORS, actorOf, EVERYBODY, type HubRequest, type HubRoute } from '../route.ts'
import type { HubServices } from '../services.ts'

const logQuery = z.object({ log: z.union([z.literal('hub'), deviceId]).default('hub') })
const page = z.object({
  from: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
const proofOf = z.object({ index: z.coerce.number().int().min(0) })

/** A log and what is signed of it. */
interface SelectedLog {
  readonly log: AuditLog
  /** A checkpoint of now for the hub's own log; the last cosigned one for a site's. */
  readonly checkpoint: LogCheckpoint | null
}

/** The hub's own log, and its copies of the sites' logs. */
export function auditRoutes(services: HubServices): HubRoute[] {
  const { audit, mirror, fleet } = services
  const select = (query: unknown): SelectedLog => {
    const { log } = logQuery.parse(query)
    if (log === 'hub') return { log: audit.log, checkpoint: ownCheckpoint(services) }
    if (fleet.device(log) === undefined) throw new ApiError('not-found', 'there is no such log')
    return { log: mirror.mirror(log), checkpoint: fleet.cosigned(log) }
  }
  const signed = (selected: SelectedLog): LogCheckpoint => {
    if (selected.checkpoint !== null) return selected.checkpoint
    throw new ApiError('not-found', 'no checkpoint of this log has been cosigned yet')
  }
  const read = ({ caller }: HubRequest, selected: SelectedLog, code: string): void =>
    audit.record({
      event: 'log.read',
      actor: actorOf(caller),
      subject: { kind: 'log', id: selected.log.origin },
      outcome: 'success',
      codes: [code],
    })
  return [
    {
      method: 'GET',
      url: '/api/audit/checkpoint',
      roles: EVERYBODY,
      handle: async ({ query }) => signed(select(query)),
    },
    {
      method: 'GET',
      url: '/api/audit/keys',
      roles: EVERYBODY,
      handle: async () => ({ log: audit.verifierKey(), witness: mirror.witnessVerifierKey() }),
    },
    {
      method: 'GET',
      url: '/api/audit/witnesses',
      roles: EVERYBODY,
      handle: async () => {
        const { log, cosignatures } = audit
        const witnesses = cosignatures.witnesses().map(({ witness, size, at }) => ({
          witness,
          size,
          cosignedAt: new Date(at * 1000).toISOString(),
        }))
        return { origin: log.origin, size: log.size, witnesses }
      },
    },
    {
      method: 'GET',
      url: '/api/audit/feeds',
      roles: EVERYBODY,
      handle: async () => ({ feeds: services.auditFeeds.views() }),
    },
    {
      method: 'GET',
      url: '/api/audit/entries',
      roles: EVERYBODY,
      handle: async (request) => {
        const selected = select(request.query)
        const { log } = selected
        const { from, limit } = page.parse(request.query)
        const { size } = log
        const begin = from ?? Math.max(0, size - limit)
        const leaves = [...log.leaves(begin, Math.min(begin + limit, size))]
        // After the reading, so that nobody finds the trace of it in what was read.
        read(request, selected, 'entries')
        return {
          origin: log.origin,
          size,
          entries: leaves.map((leaf, i) => ({
            index: begin + i,
            hash: Buffer.from(leafHash(leaf)).toString('hex'),
            event: decodeEvent(leaf) ?? null,
          })),
        }
      },
    },
    {
      method: 'GET',
      url: '/api/audit/proof/:index',
      roles: EVERYBODY,
      handle: async (request) => {
        const selected = select(request.query)
        const checkpoint = signed(selected)
        const { index } = proofOf.parse(request.params)
        if (index >= checkpoint.size) throw new ApiError('not-found', 'no signed checkpoint covers this entry yet')
        read(request, selected, 'proof')
        const checkpointNote = checkpoint.cosigned ?? checkpoint.note
        // Of an entry that was pruned the proof stays: whoever kept the entry brings it along.
        if (selected.log.leaf(index)?.length !== 0) return { proof: selected.log.proofFile(index, checkpointNote) }
        const path = selected.log.inclusionProof(index, checkpoint.size)
        return { proof: encodeProof({ leaf: undefined, index, path, checkpointNote }) }
      },
    },
    {
      method: 'GET',
      url: '/api/audit/export',
      roles: AUDITORS,
      handle: async (request) => {
        const selected = select(request.query)
        read(request, selected, 'export')
        // The hub's own checkpoint is taken again, so that it covers the entry about this export.
        const checkpoint = signed(select(request.query))
        const leaves = [...selected.log.leaves(0, checkpoint.size)].map((leaf) => Buffer.from(leaf).toString('base64'))
        return { schema: 'leadglass.log-export/1', checkpoint, leaves }
      },
    },
  ]
}

function ownCheckpoint({ audit }: HubServices): LogCheckpoint | null {
  const note = audit.checkpoint()
  const checkpoint = readCheckpoint(note)
  if (checkpoint === undefined) return null
  const { origin, size, root } = checkpoint
  return { origin, size, root: Buffer.from(root).toString('hex'), note, cosigned: audit.cosignedCheckpoint() }
}
