import { digestOf } from '../../../foundation/index.ts'
import { HttpFetcher } from '../../http-fetcher.ts'
import { fakePackage } from '../fake-repository.ts'
import { RepositoryServer, type ServerFault } from '../repository-server.ts'
import type { Sighting, Site } from '../site.ts'
import type { Attack } from './attack.ts'

const IDLE_MS = 250
const [, BLOB = new Uint8Array()] = fakePackage({}).blobs
const BLOB_PATH = `blobs/${digestOf(BLOB)}`

function attack(name: string, expected: string, run: (site: Site) => Promise<readonly Sighting[]>): Attack {
  return { family: 'retrieval', name, expected, run }
}

/** One attempt of the agent over HTTP on a server with a fault; `again` adds one after the fault is gone. */
async function overHttp(
  site: Site,
  path: string,
  fault: ServerFault,
  again: 'once' | 'again' = 'once',
): Promise<readonly Sighting[]> {
  const server = new RepositoryServer(site.repository.files)
  const fetcher = new HttpFetcher({ repositoryUrl: await server.start(), idleTimeoutMs: IDLE_MS })
  try {
    server.faults.set(path, fault)
    const seen = await site.agentSees(fetcher)
    if (again === 'once') return [seen]
    server.faults.clear()
    return [await site.agentSees(fetcher)]
  } finally {
    await server.stop()
  }
}

/** A server that is slow, silent or endless. No update comes of it, nothing else stops, and what arrived is kept. */
export const RETRIEVAL_ATTACKS: readonly Attack[] = [
  attack('slow retrieval: a byte now and then', 'stalled', (site) =>
    overHttp(site, 'metadata/timestamp.json', { kind: 'trickle', everyMs: 40 }),
  ),
  attack('slow retrieval: a blob that stalls at 99 %', 'stalled', (site) =>
    overHttp(site, BLOB_PATH, { kind: 'stall-after', bytes: Math.floor(BLOB.length * 0.99) }),
  ),
  attack('slow retrieval: what stalled at 99 % goes on from there', 'verified', (site) =>
    overHttp(site, BLOB_PATH, { kind: 'stall-after', bytes: Math.floor(BLOB.length * 0.99) }, 'again'),
  ),
  attack('slow retrieval: silence', 'stalled', (site) =>
    overHttp(site, 'metadata/timestamp.json', { kind: 'stall-after', bytes: 0 }),
  ),
  attack('endless data: a timestamp without end', 'endless-data', (site) =>
    overHttp(site, 'metadata/timestamp.json', { kind: 'endless' }),
  ),
  attack('endless data: a blob without end', 'endless-data', (site) => overHttp(site, BLOB_PATH, { kind: 'endless' })),
  attack('drop-request: the connection is reset', 'unreachable', (site) =>
    overHttp(site, 'metadata/timestamp.json', { kind: 'reset-after', bytes: 10 }),
  ),
  attack('drop-request: a reset blob is continued within the attempt', 'verified', (site) =>
    overHttp(site, BLOB_PATH, { kind: 'reset-after', bytes: 1000 }),
  ),
  attack('drop-request: nobody listens', 'unreachable', async (site) => {
    const server = new RepositoryServer(site.repository.files)
    const fetcher = new HttpFetcher({ repositoryUrl: await server.start(), idleTimeoutMs: IDLE_MS })
    await server.stop()
    return [await site.agentSees(fetcher)]
  }),
  ...([302, 500, 503, 429] as const).map((status) =>
    attack(`denial of service: the repository answers ${status}`, 'status', (site) =>
      overHttp(site, 'metadata/timestamp.json', { kind: 'status', status }),
    ),
  ),
  attack('denial of service: the snapshot is withheld', 'missing', (site) =>
    overHttp(site, 'metadata/1.snapshot.json', { kind: 'status', status: 404 }),
  ),
]
