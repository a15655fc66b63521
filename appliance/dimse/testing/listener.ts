import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { DimseServer, type DimseServerOptions } from '../acceptor/server.ts'
import { acceptAnyone, MemoryStorage, type MemoryStorageHooks } from './memory-storage.ts'

/** A started listener on a free port, with storage in memory; the caller stops it. */
export async function startListener(
  hooks: MemoryStorageHooks = {},
  options: Partial<DimseServerOptions> = {},
): Promise<{ server: DimseServer; storage: MemoryStorage; port: number }> {
  const storage = new MemoryStorage(hooks)
  const server = new DimseServer({
    host: '127.0.0.1',
    port: 0,
    aeTitle: 'LEADGLASS',
    policy: acceptAnyone,
    storage,
    clock: systemClock,
    logger: silentLogger,
    ...options,
    limits: { stopGraceMs: 500, ...options.limits },
  })
  await server.start()
  return { server, storage, port: server.port }
}
